#include "shm/document/wide_numbers.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace ringside {

namespace {

constexpr std::string_view number_characters = "0123456789+-.eE";

/// REQUIRES: the token has only characters that occur in numbers.
bool is_wide_integer(std::string_view token) noexcept {
    if (token.find_first_of(".eE") != std::string_view::npos) return false;
    if (token == "-0") return true;
    const char* const end = token.data() + token.size();
    std::int64_t narrow = 0;
    std::uint64_t wide = 0;
    if (std::from_chars(token.data(), end, narrow).ec != std::errc::result_out_of_range) {
        return false;
    }
    return token.front() == '-' || std::from_chars(token.data(), end, wide).ec != std::errc();
}

/// Returns the position after the string that starts at `at`.
std::size_t end_of_string(std::string_view json, std::size_t at) noexcept {
    ++at;
    for (;;) {
        at = json.find_first_of("\"\\", at);
        if (at >= json.size()) return json.size();
        if (json[at] == '"') return at + 1;
        at += 2;  // the backslash and the character that it escapes
    }
}

}  // namespace

bool may_have_negative_zero(std::string_view json) noexcept {
    constexpr std::string_view token = "-0";
    constexpr std::string_view before = "[,: \t\r\n";
    constexpr std::string_view behind = "],} \t\r\n";
    for (std::size_t at = 0; (at = json.find(token, at)) != std::string_view::npos; at += 2) {
        const std::size_t end = at + token.size();
        const bool begins = at == 0 || before.find(json[at - 1]) != std::string_view::npos;
        const bool ends = end == json.size() || behind.find(json[end]) != std::string_view::npos;
        if (begins && ends) return true;
    }
    return false;
}

std::optional<std::string> with_wide_numbers(std::string_view json) {
    std::optional<std::string> out;
    std::size_t copied = 0;
    for (std::size_t at = 0; (at = json.find_first_of("\"-0123456789", at)) < json.size();) {
        if (json[at] == '"') {
            at = end_of_string(json, at);
            continue;
        }
        const std::size_t end =
            std::min(json.find_first_not_of(number_characters, at), json.size());
        if (is_wide_integer(json.substr(at, end - at))) {
            if (!out) out.emplace();
            out->append(json.substr(copied, end - copied)).append(".0");
            copied = end;
        }
        at = end;
    }
    if (out) out->append(json.substr(copied));
    return out;
}

}  // namespace ringside
