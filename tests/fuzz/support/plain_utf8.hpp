#pragma once

#include <cstdint>
#include <string_view>

namespace ringside::fuzz {

/// RFC 3629, section 4.
inline bool is_utf8_by_the_book(std::string_view text) {
    const auto byte = [text](std::size_t at) -> std::uint32_t {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
    };
    for (std::size_t at = 0; at < text.size();) {
        const std::uint32_t lead = byte(at);
        const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4) return false;
        std::uint32_t code = size == 1 ? lead : lead & (0x7FU >> size);
        for (std::size_t i = 1; i < size; ++i) {
            if ((byte(at + i) & 0xC0) != 0x80) return false;
            code = code << 6 | (byte(at + i) & 0x3F);
        }
        const bool is_overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
        if (is_overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
        at += size;
    }
    return true;
}

}  // namespace ringside::fuzz
