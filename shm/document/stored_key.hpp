#pragma once

#include <cstddef>
#include <string_view>

namespace ringside {

// A FlexBuffer terminates keys with NUL, but JSON allows U+0000 in keys. A document stores such a
// key in modified UTF-8: U+0000 as the bytes C0 80, which valid UTF-8 never contains.

/// Writes the stored form of `key` to `out`, which has room for twice its size. Returns the size.
inline std::size_t write_stored_key(std::string_view key, char* out) noexcept {
    char* at = out;
    for (const char c : key) {
        if (c != '\0') {
            *at++ = c;
        } else {
            *at++ = '\xC0';
            *at++ = '\x80';
        }
    }
    return static_cast<std::size_t>(at - out);
}

/// Returns whether a stored key is UTF-8, apart from U+0000.
bool is_stored_key(std::string_view key) noexcept;

/// Reverses `write_stored_key`; `out` has room for the size of `key`.
std::size_t write_plain_key(std::string_view key, char* out) noexcept;

}  // namespace ringside
