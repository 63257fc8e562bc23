#include <vector>

#include "shm/base/limits.hpp"
#include "shm/base/utf8.hpp"
#include "shm/name/name.hpp"
#include "shm/name/pattern.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/plain_utf8.hpp"

/// A pattern, and names on the following lines, compared with the shortest implementation of the
/// definition.
using namespace ringside;
using fuzz::require;

namespace {

using Levels = std::vector<std::string_view>;

Levels levels_of(std::string_view text) {
    Levels levels;
    for (;;) {
        levels.push_back(text.substr(0, text.find('/')));
        if (levels.back().size() == text.size()) return levels;
        text.remove_prefix(levels.back().size() + 1);
    }
}

bool has_control(std::string_view text) {
    char before = 0;
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (code < 0x20 || c == '\x7f') return true;
        if (before == '\xc2' && code < 0xa0) return true;  // U+0080..U+009F
        before = c;
    }
    return false;
}

bool is_text_in_levels(std::string_view text, std::size_t bytes_max) {
    if (text.size() > bytes_max || !fuzz::is_utf8_by_the_book(text) || has_control(text))
        return false;
    for (const std::string_view level : levels_of(text)) {
        if (level.empty()) return false;
    }
    return true;
}

bool is_name(std::string_view text) {
    return is_text_in_levels(text, limits::name_bytes_max) && text.find('*') == text.npos;
}

bool is_pattern(std::string_view text) {
    if (!is_text_in_levels(text, limits::pattern_bytes_max)) return false;
    for (const std::string_view level : levels_of(text)) {
        if (level != "**" && level.find("**") != level.npos) return false;
    }
    return true;
}

/// Returns the suffixes of `text` that remain after every start of the pattern was tried, without
/// recursion. `is_any` returns whether a unit matches any number of units, `fits` whether two units
/// match.
template <class Pattern, class Text, class IsAny, class Fits>
bool matches_by_table(const Pattern& pattern, const Text& text, IsAny is_any, Fits fits) {
    std::vector<char> reached(text.size() + 1, 0);
    reached[0] = 1;
    for (std::size_t p = 0; p < pattern.size(); ++p) {
        std::vector<char> next(text.size() + 1, 0);
        for (std::size_t t = 0; t <= text.size(); ++t) {
            if (is_any(pattern[p])) {
                next[t] = reached[t] || (t > 0 && next[t - 1]);
            } else if (t > 0) {
                next[t] = reached[t - 1] && fits(pattern[p], text[t - 1]);
            }
        }
        reached = std::move(next);
    }
    return reached[text.size()] != 0;
}

bool matches_plainly(std::string_view pattern, std::string_view name) {
    const auto level_fits = [](std::string_view wanted, std::string_view level) {
        return matches_by_table(
            wanted, level, [](char c) { return c == '*'; }, [](char a, char b) { return a == b; });
    };
    if (name.starts_with('$') && pattern.starts_with('*')) return false;
    return matches_by_table(
        levels_of(pattern), levels_of(name), [](std::string_view level) { return level == "**"; },
        level_fits);
}

void check_match(const Pattern& pattern, std::string_view name) {
    const bool matches = pattern.matches(name);
    const std::string both = pattern.text() + " on " + std::string(name);
    require(matches == matches_plainly(pattern.text(), name), "the plain matcher agrees: " + both);
    const std::string_view prefix = pattern.literal_prefix();
    require(!matches || name.starts_with(prefix), "a match begins with the prefix: " + both);
    if (pattern.is_literal()) require(matches == (name == pattern.text()), "literal: " + both);
    if (pattern.matches_everything_below_prefix()) {
        const bool is_below =
            name == prefix || (name.starts_with(prefix) && name[prefix.size()] == '/');
        require(matches == is_below, "a subtree: " + both);
    }
    if (const auto level = pattern.literal_first_level()) {
        require(!matches || first_level(name) == *level, "the first level: " + both);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::string text(input.text_until('\n'));
    require(is_utf8(text) == fuzz::is_utf8_by_the_book(text), "UTF-8: " + text);
    const auto pattern = Pattern::parse(text);
    require(pattern.has_value() == (!text.empty() && is_pattern(text)), "a pattern: " + text);
    for (int names = 0; names < 8 && !input.empty(); ++names) {
        const std::string name(input.text_until('\n'));
        const auto checked = check_name(name);
        require(checked.has_value() == is_name(name), "a name: " + name);
        if (checked && pattern) check_match(*pattern, name);
    }
    return 0;
}
