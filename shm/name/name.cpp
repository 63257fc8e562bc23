#include "shm/name/name.hpp"

#include <cstring>
#include <string>

#include "shm/base/limits.hpp"
#include "shm/base/utf8.hpp"

namespace ringside {

namespace {

Error bad(std::string_view what, std::size_t at) {
    return {Errc::bad_name, std::string(what) + " at byte " + std::to_string(at)};
}

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F'; }

/// Returns whether UTF-8 text has one of U+0080..U+009F at an offset.
bool has_c1_at(std::string_view text, std::size_t at) noexcept {
    return text[at] == '\xC2' && at + 1 < text.size() &&
           static_cast<unsigned char>(text[at + 1]) < 0xA0;
}

constexpr std::uint64_t lows = 0x0101'0101'0101'0101;
constexpr std::uint64_t highs = 0x8080'8080'8080'8080;

/// Sets the high bit of each byte that is zero, possibly also of a byte above such a byte.
constexpr std::uint64_t zeros(std::uint64_t word) noexcept { return (word - lows) & ~word & highs; }

/// Returns whether eight bytes of a name are ASCII and valid, without two '/' in a row.
/// `slash_before`: whether a '/' precedes them; afterwards, whether their last byte is a '/'.
bool is_plain(std::uint64_t word, bool& slash_before) noexcept {
    const std::uint64_t slashes = zeros(word ^ lows * '/');
    const std::uint64_t odd = (word & highs) | ((word - lows * 0x20) & ~word & highs) |
                              zeros(word ^ lows * 0x7F) | zeros(word ^ lows * '*');
    const std::uint64_t doubled = slashes & (slashes << 8 | (slash_before ? 0x80 : 0));
    slash_before = slashes >> 63 != 0;
    return (odd | doubled) == 0;
}

/// Returns whether a name is certainly valid; most are. Checks eight bytes at a time.
bool is_plain_name(std::string_view name) noexcept {
    if (name.size() < 8) return false;
    bool slash_before = true;
    for (std::size_t at = 0; at + 8 <= name.size(); at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, name.data() + at, 8);
        if (!is_plain(word, slash_before)) return false;
    }
    // The last eight bytes again, for a partial word. The byte before them was checked above.
    std::uint64_t last = 0;
    std::memcpy(&last, name.data() + name.size() - 8, 8);
    slash_before = false;
    return is_plain(last, slash_before) && !slash_before;
}

}  // namespace

std::size_t find_control_character(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_control(text[i]) || has_c1_at(text, i)) return i;
    }
    return std::string_view::npos;
}

Result<void> check_name(std::string_view name) {
    if (name.size() <= limits::name_bytes_max && is_plain_name(name)) return {};
    if (auto checked = check_stored_name(name); !checked) return checked;
    const std::size_t at = find_control_character(name);
    if (at != std::string_view::npos) return bad("control character", at);
    return {};
}

Result<void> check_stored_name(std::string_view name) {
    if (name.empty()) return Error(Errc::bad_name, "empty");
    if (name.size() > limits::name_bytes_max) {
        return Error(Errc::name_too_long, std::to_string(name.size()) + " bytes");
    }
    if (is_plain_name(name)) return {};
    if (!is_utf8(name)) return Error(Errc::bad_name, "not UTF-8");
    char before = '/';
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (is_control(c)) return bad("control character", i);
        if (c == '*') return bad("'*' (allowed in patterns only)", i);
        if (c == '/' && before == '/') return bad("empty level", i);
        before = c;
    }
    if (before == '/') return bad("empty level", name.size());
    return {};
}

}  // namespace ringside
