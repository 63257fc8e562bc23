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
    /// The envelope is none, and `value` is the whole line; or the line is too long, and it is
    /// none.
    std::optional<Error> failure;
};

/// Reads JSON Lines as messages of one partition whose offsets count the lines. Empty lines are
/// none. Thread safety: none.
class LineReader {
public:
    /// `is_envelope`: each line is {"key": …, "value": …, "headers": {…}}, where all may be left
    /// out; a key or header that is no string is its JSON text.
    /// Error: bad_configuration: it is no file that can be read.
    static Result<LineReader> open(const std::string& path, std::string topic, bool is_envelope);

    /// The bytes of a line; a longer one has a failure, document_too_large.
    static constexpr std::size_t line_bytes_max =
        limits::document_bytes_max + limits::envelope_bytes_max;

    /// The next line; null: the end. Error: system_error, the file cannot be read any more.
    Result<std::unique_ptr<Line>> next();

    /// Goes to a line, or behind the last one. Errors: those of `next`; condition_failed: the file
    /// has fewer lines.
    Result<void> seek(std::int64_t number);

    [[nodiscard]] std::int64_t number() const noexcept { return number_; }  ///< of the next line
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }   ///< read so far
    [[nodiscard]] std::uint64_t bytes_total() const noexcept { return bytes_total_; }

    /// What keeps a line.
    static KeptMessage keep(std::unique_ptr<Line> line);

private:
    Result<bool> read_line();
    void open_envelope(Line& line);

    std::ifstream file_;
    std::string topic_;
    bool is_envelope_ = false;
    std::string text_;  ///< of the line read last; empty where that is too long
    bool is_too_long_ = false;
    std::array<char, 64 << 10> chunk_{};
    JsonReader json_;
    std::int64_t number_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t bytes_total_ = 0;
};

}  // namespace ringside::kafka
