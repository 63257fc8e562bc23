#include "access.hpp"

#include <algorithm>
#include <charconv>

namespace ringside::sql {

namespace {

/// Where a level of a pattern begins and ends. None beyond the last level or after a `**`.
struct LevelPlace {
    std::size_t begin;
    std::size_t end;
};
std::optional<LevelPlace> place_of(std::string_view pattern, std::size_t level) noexcept {
    std::size_t begin = 0;
    for (;;) {
        const std::size_t end = std::min(pattern.find('/', begin), pattern.size());
        if (pattern.substr(begin, end - begin) == "**") return std::nullopt;
        if (level == 0) return LevelPlace{begin, end};
        if (end == pattern.size()) return std::nullopt;
        begin = end + 1;
        --level;
    }
}

/// Returns the least text that is greater than all texts with the prefix, or an empty text if there
/// is none.
std::string end_of(std::string prefix) {
    while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
    if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
    return prefix;
}

}  // namespace

const Condition* Access::lookup() const noexcept {
    const auto found = std::find_if(conditions.begin(), conditions.end(), [](const Condition& one) {
        return one.how == Narrowing::looked_up;
    });
    return found == conditions.end() ? nullptr : &*found;
}

std::string Access::encode() const {
    std::string text;
    for (const Condition& condition : conditions) {
        text += static_cast<char>(condition.how);
        text += static_cast<char>('0' + condition.level);
        text += static_cast<char>(condition.operand);
    }
    for (const GroupColumn& group : groups) {
        text += group.is_descending ? ">" : "<";
        text += std::to_string(group.column);
    }
    return text;
}

Access Access::decode(std::string_view text) {
    Access access;
    std::size_t at = 0;
    for (; at < text.size() && text[at] != '<' && text[at] != '>'; at += 3) {
        access.conditions.push_back({static_cast<Narrowing>(text[at]),
                                     static_cast<std::uint8_t>(text[at + 1] - '0'),
                                     static_cast<Operand>(text[at + 2])});
    }
    while (at < text.size()) {
        GroupColumn group{0, text[at] == '>'};
        const auto read =
            std::from_chars(text.data() + at + 1, text.data() + text.size(), group.column);
        at = static_cast<std::size_t>(read.ptr - text.data());
        access.groups.push_back(group);
    }
    return access;
}

bool is_fixed_level(const Pattern& pattern, std::size_t level) noexcept {
    return place_of(pattern.text(), level).has_value();
}

void Scope::narrow(const Condition& condition, sqlite3_value* value) {
    // A comparison with NULL is never true.
    if (sqlite3_value_type(value) == SQLITE_NULL) is_empty_ = true;
    if (is_empty_ || !is_compared_as_text(condition.operand, value)) return;
    const auto* data = reinterpret_cast<const char*>(sqlite3_value_text(value));
    if (data == nullptr) return;
    const std::string text(data, static_cast<std::size_t>(sqlite3_value_bytes(value)));
    // SQLite's LIKE and GLOB end at the first NUL of a pattern.
    const std::string pattern = text.substr(0, text.find('\0'));
    using namespace std::string_literals;
    switch (condition.how) {
        case Narrowing::name_is: return name_is(text);
        case Narrowing::name_from: return begin_at(text);
        case Narrowing::name_after: return begin_at(text + "\0"s);
        case Narrowing::name_before: return end_before(text);
        case Narrowing::name_up_to: return end_before(text + "\0"s);
        case Narrowing::name_glob:
            return begins_with(pattern.substr(0, pattern.find_first_of("*?[")));
        case Narrowing::name_like:
            return begins_with(pattern.substr(0, pattern.find_first_of("%_")));
        case Narrowing::level_is: return level_is(condition.level, text);
        default: return;  // not a condition on names
    }
}

std::string Scope::cover() const {
    // Wildcards do not match names that begin with $, but the new pattern would.
    const bool is_reserved = range_.begin.starts_with('$');
    if (pattern_ != "**" || range_.end.empty() || is_reserved) return pattern_;
    std::string_view levels = range_.begin;
    for (;;) {
        levels = levels.substr(0, levels.rfind('/') + 1);  // npos + 1: none
        if (levels.empty()) return pattern_;
        const std::string end = end_of(std::string(levels));
        if (Pattern::parse(std::string(levels) + "**") && !end.empty() && range_.end <= end) {
            return std::string(levels) + "**";
        }
        levels.remove_suffix(1);
    }
}

void Scope::begin_at(std::string name) {
    if (name > range_.begin) range_.begin = std::move(name);
    if (!range_.end.empty() && range_.begin >= range_.end) is_empty_ = true;
}

void Scope::end_before(std::string name) {
    if (name.empty()) {
        is_empty_ = true;  // no name is less than the empty name
        return;
    }
    if (range_.end.empty() || name < range_.end) range_.end = std::move(name);
    if (range_.begin >= range_.end) is_empty_ = true;
}

void Scope::name_is(std::string name) {
    if (name_ && *name_ != name) is_empty_ = true;
    name_ = std::move(name);
}

void Scope::begins_with(std::string prefix) {
    if (prefix.empty()) return;
    std::string end = end_of(prefix);
    begin_at(std::move(prefix));
    if (!end.empty()) end_before(std::move(end));
}

void Scope::level_is(std::size_t level, std::string_view text) {
    const auto place = place_of(pattern_, level);
    if (!place) return;
    const std::string_view wanted =
        std::string_view(pattern_).substr(place->begin, place->end - place->begin);
    const auto one = Pattern::parse(wanted);
    const bool can_be = !text.empty() && text.find_first_of("/*") == std::string_view::npos;
    if (!can_be || !one || !one->matches(text)) {
        is_empty_ = true;
        return;
    }
    pattern_.replace(place->begin, place->end - place->begin, text);
}

}  // namespace ringside::sql
