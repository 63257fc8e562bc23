#include "json_path.hpp"

#include <algorithm>
#include <charconv>

namespace ringside::sql {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Characters that every release of SQLite treats as part of a key.
bool is_plain(char c) noexcept {
    return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80;
}

std::size_t plain_length(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_plain) -
                                    text.begin());
}

/// Removes a number of at most nine digits from the front of the text.
std::optional<std::size_t> take_number(std::string_view& text) noexcept {
    std::size_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto length = static_cast<std::size_t>(read.ptr - text.data());
    if (length == 0 || length > 9) return std::nullopt;
    text.remove_prefix(length);
    return number;
}

}  // namespace

std::optional<JsonPath> JsonPath::parse(std::string_view text, bool is_operator) {
    JsonPath path;
    if (is_operator && !text.starts_with('$')) {
        if (text.empty() || plain_length(text) != text.size()) return std::nullopt;
        if (!is_digit(text.front())) {
            path.steps_.emplace_back(text);
            return path;
        }
        const auto index = take_number(text);
        if (!index || !text.empty()) return std::nullopt;
        path.steps_.emplace_back(*index, false);
        return path;
    }
    if (!text.starts_with('$')) return std::nullopt;
    text.remove_prefix(1);
    while (!text.empty()) {
        const bool is_good =
            text.front() == '.' ? path.parse_member(text) : path.parse_element(text);
        if (!is_good) return std::nullopt;
    }
    return path;
}

bool JsonPath::parse_member(std::string_view& rest) {
    rest.remove_prefix(1);
    if (rest.starts_with('"')) {
        const std::size_t end = rest.find('"', 1);
        if (end == std::string_view::npos) return false;
        const std::string_view key = rest.substr(1, end - 1);
        const bool is_escaped = std::any_of(key.begin(), key.end(), [](char c) {
            return c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
        });
        if (is_escaped || key.empty()) return false;
        steps_.emplace_back(key);
        rest.remove_prefix(end + 1);
        return true;
    }
    const std::size_t length = plain_length(rest);
    if (length == 0) return false;
    steps_.emplace_back(rest.substr(0, length));
    rest.remove_prefix(length);
    return true;
}

bool JsonPath::parse_element(std::string_view& rest) {
    if (!rest.starts_with('[')) return false;
    rest.remove_prefix(1);
    const bool is_from_end = rest.starts_with("#-");
    if (is_from_end) rest.remove_prefix(2);
    const auto number = take_number(rest);
    if (!number || !rest.starts_with(']') || (is_from_end && *number == 0)) return false;
    rest.remove_prefix(1);
    steps_.emplace_back(*number, is_from_end);
    return true;
}

Value JsonPath::find(Value at) const noexcept {
    for (const Step& step : steps_) {
        if (step.is_key) {
            at = at.is_object() ? at[step.key] : Value();
        } else if (step.is_from_end) {
            at = at.is_array() && step.index <= at.size() ? at[at.size() - step.index] : Value();
        } else {
            at = at[step.index];
        }
    }
    return at;
}

}  // namespace ringside::sql
