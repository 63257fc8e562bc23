#pragma once

#include <string>
#include <string_view>

namespace ringside {

/// Takes the first character off `text`. Bytes that are not UTF-8 are taken one at a time, as
/// `not_a_character` and the byte. REQUIRES: `text` is not empty.
inline constexpr char32_t not_a_character = 0x8000'0000;
[[nodiscard]] char32_t take_character(std::string_view& text) noexcept;

/// Whether a character changes how a terminal shows the text around it: a control character (C0,
/// DEL, C1) or a control of the writing direction (Unicode's Bidi_Control), or a line or paragraph
/// separator.
[[nodiscard]] constexpr bool is_terminal_control(char32_t c) noexcept {
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return true;
    if (c < 0x061C) return false;
    return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

/// `text` for people to read: what `is_terminal_control` names is shown as an escape (`\n`, `\t`,
/// `\u009b`), bytes that are not UTF-8 as `\xff`. Everything else, the backslash included, stays.
/// JSON on one line keeps its meaning: these characters occur in its strings only.
[[nodiscard]] std::string printable(std::string_view text);

/// Whether `printable` would change `text`.
[[nodiscard]] bool is_printable(std::string_view text) noexcept;

}  // namespace ringside
