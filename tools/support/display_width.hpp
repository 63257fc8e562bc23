#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ringside::tools {

/// The columns that a terminal takes for UTF-8 text, by the C library's table (Unicode's East Asian
/// Width): two for wide characters and emoji, none for combining ones. Control characters count
/// nothing: see `printable`.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// The longest beginning of `text` that takes at most `columns`, with its combining characters.
[[nodiscard]] std::string_view clip_to_width(std::string_view text, std::size_t columns);

/// Text with spaces behind it (`pad_right`) or in front of it, up to a width.
[[nodiscard]] std::string pad_right(std::string_view text, std::size_t columns);
[[nodiscard]] std::string pad_left(std::string_view text, std::size_t columns);

}  // namespace ringside::tools
