#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shm/base/descriptor.hpp"
#include "shm/base/errc.hpp"

namespace ringside::tools {

/// The text of a file or of standard input, read in parts. A byte order mark is skipped.
class InputText {
public:
    /// "-" is standard input. Errors: file_unreadable, bad_input (UTF-16 or UTF-32).
    static Result<InputText> open(const std::string& path);

    /// Returns the text that was read and not consumed; valid until the next call.
    [[nodiscard]] std::string_view text() const noexcept {
        return std::string_view(buffer_).substr(begin_);
    }

    /// Appends to `text()`. Returns false at the end of the input. Error: file_unreadable.
    Result<bool> read_more();

    /// Removes the first bytes of `text()`.
    void take(std::size_t bytes) noexcept;

    /// Number of the line in which `text()` begins, counted from 1.
    [[nodiscard]] std::uint64_t line() const noexcept { return line_; }
    [[nodiscard]] std::uint64_t bytes_taken() const noexcept { return bytes_taken_; }
    /// Size of a regular file, otherwise 0.
    [[nodiscard]] std::uint64_t bytes_total() const noexcept { return bytes_total_; }

private:
    InputText(std::string path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}
    Result<void> skip_byte_order_mark();

    std::string path_;
    Descriptor file_;
    std::string buffer_;
    std::size_t begin_ = 0;
    std::uint64_t line_ = 1;
    std::uint64_t bytes_taken_ = 0;
    std::uint64_t bytes_total_ = 0;
};

}  // namespace ringside::tools
