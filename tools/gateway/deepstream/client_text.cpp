#include "tools/gateway/deepstream/client_text.hpp"

#include <algorithm>
#include <optional>

#include "shm/base/utf8.hpp"

namespace ringside::gateway::deepstream {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view escaped_replacement = "\\ufffd";
constexpr std::size_t half_bytes = 3;
constexpr std::size_t escape_bytes = 6;  // \ud83c

unsigned unit_byte(std::string_view text, std::size_t at) noexcept {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

constexpr bool is_high(unsigned unit) noexcept { return unit >= 0xD800 && unit < 0xDC00; }
constexpr bool is_low(unsigned unit) noexcept { return unit >= 0xDC00 && unit < 0xE000; }

/// Decodes a surrogate half from three bytes.
unsigned raw_half(std::string_view text, std::size_t at) noexcept {
    return 0xD000U | (unit_byte(text, at + 1) & 0x3FU) << 6U | (unit_byte(text, at + 2) & 0x3FU);
}

void append_character(unsigned high, unsigned low, std::string& out) {
    const unsigned character = 0x10000 + ((high - 0xD800) << 10U) + (low - 0xDC00);
    out += static_cast<char>(0xF0U | character >> 18U);
    out += static_cast<char>(0x80U | (character >> 12U & 0x3FU));
    out += static_cast<char>(0x80U | (character >> 6U & 0x3FU));
    out += static_cast<char>(0x80U | (character & 0x3FU));
}

/// Decodes an escape such as `\ud83c`. Returns none for another escape or plain text.
std::optional<unsigned> escaped_unit(std::string_view json, std::size_t at) noexcept {
    if (at + escape_bytes > json.size() || json[at] != '\\' || json[at + 1] != 'u') {
        return std::nullopt;
    }
    unsigned unit = 0;
    for (const char digit : json.substr(at + 2, 4)) {
        unit <<= 4U;
        if (digit >= '0' && digit <= '9') unit += static_cast<unsigned>(digit - '0');
        else if (digit >= 'a' && digit <= 'f') unit += static_cast<unsigned>(digit - 'a') + 10;
        else if (digit >= 'A' && digit <= 'F') unit += static_cast<unsigned>(digit - 'A') + 10;
        else return std::nullopt;
    }
    return unit;
}

/// Appends the escape that begins with the backslash at `at`, and returns its size in bytes.
std::size_t append_escaped(std::string_view json, std::size_t at, std::string& out) {
    const auto unit = escaped_unit(json, at);
    if (!unit) {
        const std::string_view escape = json.substr(at, 2);
        out += escape;
        return escape.size();
    }
    const auto next = is_high(*unit) ? escaped_unit(json, at + escape_bytes) : std::nullopt;
    const bool is_pair = next && is_low(*next);
    if (!is_pair && (is_high(*unit) || is_low(*unit))) {
        out += escaped_replacement;
        return escape_bytes;
    }
    const std::size_t bytes = is_pair ? 2 * escape_bytes : escape_bytes;
    out += json.substr(at, bytes);
    return bytes;
}

}  // namespace

bool is_half_at(std::string_view text, std::size_t at) noexcept {
    return unit_byte(text, at) == 0xED && unit_byte(text, at + 1) >= 0xA0 &&
           unit_byte(text, at + 1) < 0xC0 && (unit_byte(text, at + 2) & 0xC0U) == 0x80;
}

bool is_client_text(std::string_view text) noexcept {
    if (is_utf8(text)) return true;
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = begin;
        while (end < text.size() && !is_half_at(text, end)) ++end;
        if (!is_utf8(text.substr(begin, end - begin))) return false;
        begin = std::min(end + half_bytes, text.size());
    }
    return true;
}

bool may_have_half(std::string_view json) noexcept {
    if (!is_utf8(json)) return true;
    for (std::size_t at = json.find("\\u"); at != std::string_view::npos;
         at = json.find("\\u", at + 2)) {
        const unsigned digit = unit_byte(json, at + 2);
        if (digit == 'd' || digit == 'D') return true;
    }
    return false;
}

std::string to_utf8(std::string text) {
    if (is_utf8(text)) return text;
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        if (!is_half_at(text, at)) {
            out += text[at++];
            continue;
        }
        const unsigned half = raw_half(text, at);
        const bool has_next = is_half_at(text, at + half_bytes);
        const unsigned next = has_next ? raw_half(text, at + half_bytes) : 0;
        const bool is_pair = is_high(half) && is_low(next);
        if (is_pair) append_character(half, next, out);
        else out += replacement;
        at += is_pair ? 2 * half_bytes : half_bytes;
    }
    return out;
}

std::string to_utf8_json(std::string json) {
    if (!may_have_half(json)) return json;
    json = to_utf8(std::move(json));
    std::string out;
    out.reserve(json.size());
    for (std::size_t at = 0; at < json.size();) {
        if (json[at] == '\\') at += append_escaped(json, at, out);
        else out += json[at++];
    }
    return out;
}

}  // namespace ringside::gateway::deepstream
