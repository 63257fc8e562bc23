#include "shm/base/printable.hpp"

#include <array>
#include <cstdio>

namespace ringside {

namespace {

/// Bytes of the character that begins with `first`; 0: none does.
std::size_t character_bytes(unsigned char first) noexcept {
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first < 0xE0) return 2;
    if (first >= 0xE0 && first < 0xF0) return 3;
    if (first >= 0xF0 && first < 0xF5) return 4;
    return 0;
}

bool is_valid(char32_t c, std::size_t bytes) noexcept {
    if (bytes == 3) return c >= 0x800 && (c < 0xD800 || c > 0xDFFF);
    if (bytes == 4) return c >= 0x1'0000 && c <= 0x10'FFFF;
    return true;
}

template <class... Values>
void append_format(std::string& out, const char* format, Values... values) {
    std::array<char, 16> text;
    const int bytes = std::snprintf(text.data(), text.size(), format, values...);
    out.append(text.data(), static_cast<std::size_t>(bytes));
}

void append_escape(std::string& out, char32_t c) {
    if (c == '\n') out += "\\n";
    else if (c == '\t') out += "\\t";
    else if (c == '\r') out += "\\r";
    else append_format(out, "\\u%04x", static_cast<unsigned>(c));
}

/// Most text is ASCII without control characters, and needs no closer look.
bool is_plain(std::string_view text) noexcept {
    for (const char c : text) {
        if (c < 0x20 || c == 0x7F) return false;
    }
    return true;
}

}  // namespace

char32_t take_character(std::string_view& text) noexcept {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t bytes = character_bytes(first);
    char32_t c = first;
    bool is_whole = bytes != 0 && bytes <= text.size();
    if (is_whole && bytes > 1) {
        c = first & (0xFFU >> (bytes + 1));
        for (std::size_t i = 1; i < bytes; ++i) {
            const auto next = static_cast<unsigned char>(text[i]);
            is_whole = is_whole && (next & 0xC0) == 0x80;
            c = (c << 6) | (next & 0x3F);
        }
        is_whole = is_whole && is_valid(c, bytes);
    }
    text.remove_prefix(is_whole ? bytes : 1);
    return is_whole ? c : not_a_character | first;
}

std::string printable(std::string_view text) {
    if (is_plain(text)) return std::string(text);
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::string_view before = text;
        const char32_t c = take_character(text);
        if ((c & not_a_character) != 0) {
            append_format(out, "\\x%02x", static_cast<unsigned>(c & 0xFF));
        } else if (is_terminal_control(c)) {
            append_escape(out, c);
        } else {
            out += before.substr(0, before.size() - text.size());
        }
    }
    return out;
}

bool is_printable(std::string_view text) noexcept {
    while (!text.empty()) {
        const char32_t c = take_character(text);
        if ((c & not_a_character) != 0 || is_terminal_control(c)) return false;
    }
    return true;
}

}  // namespace ringside
