#pragma once

#include <string>
#include <string_view>

namespace ringside::gateway::deepstream {

// Texts of JavaScript clients. A string of JavaScript is a sequence of UTF-16 units, which may hold
// half a surrogate pair: 'a🎫'.slice(0, 2) does. Clients send such a half as three bytes
// (U+D800 .. U+DFFF, which UTF-8 does not allow), and in JSON as an escape, "\ud83c".

/// Returns whether the three bytes at `at` are half a surrogate pair.
[[nodiscard]] bool is_half_at(std::string_view text, std::size_t at) noexcept;

/// Returns whether a text is UTF-8, apart from halves of surrogate pairs.
[[nodiscard]] bool is_client_text(std::string_view text) noexcept;

/// Returns false if `to_utf8_json` would change nothing, and true if it might.
[[nodiscard]] bool may_have_half(std::string_view json) noexcept;

/// Converts a text to UTF-8. Replaces each half that has no matching half next to it by U+FFFD.
/// REQUIRES: `is_client_text(text)`.
[[nodiscard]] std::string to_utf8(std::string text);

/// Converts JSON text, in which halves may also be escaped. All other escapes remain. Text that is
/// not JSON remains invalid.
[[nodiscard]] std::string to_utf8_json(std::string json);

}  // namespace ringside::gateway::deepstream
