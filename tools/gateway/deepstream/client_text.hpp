#pragma once

#include <string>
#include <string_view>

namespace ringside::gateway::deepstream {

// Texts of JavaScript clients. A string of JavaScript is a sequence of UTF-16 units, which may hold
// half a surrogate pair: 'a🎫'.slice(0, 2) does. Clients send such a half as three bytes
// (U+D800 .. U+DFFF, which UTF-8 does not allow), and in JSON as an escape, "\ud83c".

/// Whether three bytes at `at` are half a surrogate pair.
[[nodiscard]] bool is_half_at(std::string_view text, std::size_t at) noexcept;

/// Whether a text is UTF-8, apart from halves of surrogate pairs.
[[nodiscard]] bool is_client_text(std::string_view text) noexcept;

/// Returns false if `to_utf8_json` would change nothing; true if it may.
[[nodiscard]] bool may_have_half(std::string_view json) noexcept;

/// The text as UTF-8: U+FFFD takes the place of each half that has no other half next to it.
/// REQUIRES: `is_client_text(text)`.
[[nodiscard]] std::string to_utf8(std::string text);

/// The same for JSON text, in which halves may be escaped, too. All other escapes stay. What is not
/// JSON stays no JSON.
[[nodiscard]] std::string to_utf8_json(std::string json);

}  // namespace ringside::gateway::deepstream
