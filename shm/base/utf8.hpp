#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace ringside {

namespace detail {
bool is_utf8_beyond_ascii(std::string_view text) noexcept;
}

/// Returns whether every byte of `text` is below 0x80. Checks eight bytes at a time.
inline bool is_ascii(std::string_view text) noexcept {
    constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080;
    const char* at = text.data();
    std::size_t left = text.size();
    std::uint64_t seen = 0;
    std::uint64_t word = 0;
    for (; left >= 8; at += 8, left -= 8) {
        std::memcpy(&word, at, 8);
        seen |= word;
    }
    if (left >= 4) {
        std::uint32_t half = 0;
        std::memcpy(&half, at, 4);
        seen |= half;
        at += 4;
        left -= 4;
    }
    for (; left > 0; ++at, --left) seen |= static_cast<unsigned char>(*at);
    return (seen & high_bits) == 0;
}

/// Returns whether `text` is valid UTF-8 (RFC 3629: no surrogates, no overlong forms). NUL is
/// valid.
inline bool is_utf8(std::string_view text) noexcept {
    return is_ascii(text) || detail::is_utf8_beyond_ascii(text);
}

}  // namespace ringside
