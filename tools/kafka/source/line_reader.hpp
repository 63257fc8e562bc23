#pragma once

#include <array>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shm/base/limits.hpp"
#include "shm/document/json.hpp"
#include "tools/kafka/source/kept_message.hpp"

namespace ringside::kafka {

/// A line as a message: the line itself, or the parts of an envelope.
struct Line {
    std::string topic;
    std::int64_t number = 0;  ///< from 0
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;
    /// The envelope is invalid, and `value` is the whole line; or the line is too long, and `value`
    /// is none.
    std::optional<Error> failure;
};

/// Reads JSON Lines as messages of one partition whose offsets count the lines. Empty lines are
/// skipped.
/// Thread safety: none.
class LineReader {
public:
    /// `is_envelope`: each line is {"key": …, "value": …, "headers": {…}}, with all members
    /// optional. A key or header that is not a string becomes its JSON text.
    /// Error: bad_configuration (not a readable file).
    static Result<LineReader> open(const std::string& path, std::string topic, bool is_envelope);

    /// The limit of a line; a longer one has the failure document_too_large.
    static constexpr std::size_t line_bytes_max =
        limits::document_bytes_max + limits::envelope_bytes_max;

    /// Returns the next line, or null at the end. Error: system_error (the file cannot be read).
    Result<std::unique_ptr<Line>> next();

    /// Moves to a line, or past the last one. Errors: those of `next`; condition_failed if the file
    /// has fewer lines.
    Result<void> seek(std::int64_t number);

    [[nodiscard]] std::int64_t number() const noexcept { return number_; }  ///< of the next line
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }   ///< read so far
    [[nodiscard]] std::uint64_t bytes_total() const noexcept { return bytes_total_; }

    /// Takes ownership of a line.
    static KeptMessage keep(std::unique_ptr<Line> line);

private:
    Result<bool> read_line();
    void open_envelope(Line& line);

    std::ifstream file_;
    std::string topic_;
    bool is_envelope_ = false;
    std::string text_;  ///< of the last line; empty if that is too long
    bool is_too_long_ = false;
    std::array<char, 64 << 10> chunk_{};
    JsonReader json_;
    std::int64_t number_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t bytes_total_ = 0;
};

}  // namespace ringside::kafka
