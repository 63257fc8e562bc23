#pragma once

#include <string>
#include <string_view>

#include "tools/support/files.hpp"

namespace ringside::tools {

/// Where the rows of queries are written. Thread safety: one thread.
class RowOutput {
public:
    virtual ~RowOutput() = default;
    /// Writes a line for people.
    virtual void line(std::string_view text) = 0;
    /// Writes a line for programs. On a terminal, control characters are escaped.
    virtual void data(std::string_view text) { line(text); }
    /// Width of the terminal in columns. Zero if the output is no terminal.
    [[nodiscard]] virtual std::size_t terminal_width() const { return 0; }
    /// Writes out what is buffered.
    virtual void flush() {}
};

/// Standard output. Throws as tools/ringside/output.hpp describes.
class StandardRowOutput : public RowOutput {
public:
    void line(std::string_view text) override;
    void data(std::string_view text) override;
    [[nodiscard]] std::size_t terminal_width() const override;
    void flush() override;
};

/// Writes to a file. Throws ringside::Exception (output_failed, with the path).
class FileRowOutput : public RowOutput {
public:
    explicit FileRowOutput(OutputFile file) : file_(std::move(file)) {}
    void line(std::string_view text) override;
    void flush() override;
    /// Flushes and closes the file. Must be called once.
    void finish();

private:
    OutputFile file_;
    std::string buffer_;
};

}  // namespace ringside::tools
