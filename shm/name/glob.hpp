#pragma once

#include <optional>
#include <string_view>

#include "shm/name/name.hpp"

/// Matching algorithm of patterns; Pattern describes their meaning.
///
/// Matching is greedy with one backtracking point for `*` and one for `**`. After a mismatch, the
/// last wildcard takes one more character or level. An earlier wildcard never needs to, because the
/// part after it has already matched. `step()` is called for each comparison. There are at most
/// pattern size times name size comparisons, whatever the pattern.
namespace ringside::glob {

/// Returns whether one level matches. Only `*` is special.
template <class Step>
bool level_matches(std::string_view pattern, std::string_view level, Step step) {
    std::size_t p = 0;
    std::size_t n = 0;
    std::size_t star = std::string_view::npos;
    std::size_t star_taken = 0;
    while (n < level.size()) {
        step();
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_taken = n;
        } else if (p < pattern.size() && pattern[p] == level[n]) {
            ++p;
            ++n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++star_taken;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

/// Iterates over the levels of a text. An empty text has one level.
class Levels {
public:
    explicit Levels(std::string_view text) noexcept : text_(text) {}

    [[nodiscard]] bool is_end() const noexcept { return at_ > text_.size(); }
    [[nodiscard]] std::string_view level() const noexcept { return first_level(text_.substr(at_)); }
    void advance() noexcept { at_ += level().size() + 1; }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

/// Returns whether a whole name matches.
template <class Step>
bool matches(std::string_view text, std::string_view name, Step step) {
    Levels pattern(text);
    Levels levels(name);
    std::optional<Levels> after_any;
    Levels any_taken(name);
    while (!levels.is_end()) {
        step();
        if (!pattern.is_end() && pattern.level() == "**") {
            pattern.advance();
            after_any = pattern;
            any_taken = levels;
        } else if (!pattern.is_end() && level_matches(pattern.level(), levels.level(), step)) {
            pattern.advance();
            levels.advance();
        } else if (after_any) {
            any_taken.advance();
            pattern = *after_any;
            levels = any_taken;
        } else {
            return false;
        }
    }
    while (!pattern.is_end() && pattern.level() == "**") pattern.advance();
    return pattern.is_end();
}

}  // namespace ringside::glob
