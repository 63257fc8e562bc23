#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ringside::tools {

/// Returns the columns that a terminal needs for UTF-8 text, by the C library's table (Unicode's
/// East Asian Width): two for wide characters and emoji, none for combining ones. Control
/// characters count as zero: see `printable`.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// Returns the longest prefix of `text` that needs at most `columns`, with its combining
/// characters.
[[nodiscard]] std::string_view clip_to_width(std::string_view text, std::size_t columns);

/// Pads text to a width with spaces on the right (`pad_right`) or on the left.
[[nodiscard]] std::string pad_right(std::string_view text, std::size_t columns);
[[nodiscard]] std::string pad_left(std::string_view text, std::size_t columns);

}  // namespace ringside::tools
