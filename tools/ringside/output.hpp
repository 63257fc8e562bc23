#pragma once

#include <string>
#include <string_view>

namespace ringside::tools {

/// Thrown when the reader of a pipe on standard output has closed it, such as `head`: the command
/// ends without a message. Not a std::exception, so that handlers of failures do not catch it.
struct ReaderGone {};

/// Writes bytes to standard output. Throws ReaderGone, or ringside::Exception (output_failed).
void write_output(std::string_view bytes);

/// Writes one line to standard output, and flushes it if `now` is set. Throws as `write_output`.
void print_line(std::string_view line, bool now = false);

/// As `print_line`, for JSON or a name. On a terminal, control characters in it are escaped (see
/// shm/base/printable.hpp); the JSON keeps its meaning. Elsewhere the line is written unchanged.
void print_data(std::string_view line, bool now = false);

/// A record's name as a line. One that would change how a terminal shows the line, or that begins
/// with a quotation mark, is written as a JSON string.
[[nodiscard]] std::string name_line(std::string_view name);

/// Writes lines for people, with control characters in them escaped. Throws as `print_line`.
void print_text(std::string_view lines);

/// Writes out what is buffered. Throws as `print_line`.
void flush_output();

/// As `flush_output`, at the end of the program: also reports errors that a file system of another
/// host gives only when a file is closed.
void finish_output();

}  // namespace ringside::tools
