#include "tools/gateway/valve/cesu8.hpp"

#include "tools/gateway/valve/lexer.hpp"

namespace ringside::gateway::valve {

namespace {

unsigned byte_at(std::string_view text, std::size_t at) noexcept {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

/// Decodes a surrogate half, which takes three bytes. Returns 0 for anything else.
char32_t half_at(std::string_view text, std::size_t at) noexcept {
    if (byte_at(text, at) != 0xED || byte_at(text, at + 1) < 0xA0 || at + 2 >= text.size()) {
        return 0;
    }
    return 0xD000U | ((byte_at(text, at + 1) & 0x3FU) << 6U) | (byte_at(text, at + 2) & 0x3FU);
}

}  // namespace

std::string to_cesu8(std::string_view utf8) {
    std::string out;
    out.reserve(utf8.size());
    for (std::size_t at = 0; at < utf8.size();) {
        if (byte_at(utf8, at) < 0xF0) {
            out += utf8[at++];
            continue;
        }
        const char32_t character =
            ((byte_at(utf8, at) & 0x07U) << 18U) | ((byte_at(utf8, at + 1) & 0x3FU) << 12U) |
            ((byte_at(utf8, at + 2) & 0x3FU) << 6U) | (byte_at(utf8, at + 3) & 0x3FU);
        append_utf8(0xD800 + ((character - 0x10000) >> 10U), out);
        append_utf8(0xDC00 + ((character - 0x10000) & 0x3FFU), out);
        at += 4;
    }
    return out;
}

std::string from_cesu8(std::string_view cesu8) {
    std::string out;
    out.reserve(cesu8.size());
    for (std::size_t at = 0; at < cesu8.size();) {
        const char32_t high = half_at(cesu8, at);
        if (high == 0) {
            out += cesu8[at++];
            continue;
        }
        const char32_t low = half_at(cesu8, at + 3);
        const bool is_pair = high < 0xDC00 && low >= 0xDC00;
        append_utf8(is_pair ? 0x10000 + ((high - 0xD800) << 10U) + (low - 0xDC00) : 0xFFFD, out);
        at += is_pair ? 6 : 3;
    }
    return out;
}

}  // namespace ringside::gateway::valve
