#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside {

/// A glob pattern over record names.
///
/// `*` matches any number of characters within one level, also next to others (`seat-*`), but not
/// an empty level: names have none. A level that is exactly `**` matches any number of levels,
/// including none: `a/**` matches `a`, `a/b` and `a/b/c`. A wildcard at the beginning does not
/// match a `$`, so `**` matches every name except system names (the rule of MQTT 3.1.1, 4.7.2).
///
///     Pattern seats = Pattern::parse("event/*/seat/**").value();
///     seats.matches("event/42/seat/A12");  // true
///
/// Matching is greedy with one backtracking point for `*` and one for `**`. The cost is bounded by
/// name size times pattern size, whatever the pattern.
/// Thread safety: immutable after parse.
class Pattern {
public:
    /// Parses a pattern. Errors: bad_pattern (empty, longer than `limits::pattern_bytes_max`, not
    /// UTF-8, an empty level, a control character, `**` next to other characters in a level).
    static Result<Pattern> parse(std::string_view text);

    /// Returns whether the name matches. REQUIRES: `name` passes `check_name`.
    [[nodiscard]] bool matches(std::string_view name) const noexcept;

    /// Returns the longest common prefix of all matches: "event/" of `event/*/seat` and of
    /// `event/**/seat`, but "event" of `event/**`, which matches `event` itself. For scans of
    /// ordered names.
    [[nodiscard]] std::string_view literal_prefix() const noexcept {
        return std::string_view(text_).substr(0, prefix_bytes_);
    }

    /// Returns whether there is no wildcard: the only match is `text()`.
    [[nodiscard]] bool is_literal() const noexcept { return prefix_bytes_ == text_.size(); }

    /// Returns the first level of every match, if the pattern fixes it.
    [[nodiscard]] std::optional<std::string_view> literal_first_level() const noexcept;

    /// Returns whether the matches are exactly `literal_prefix()` and all names that continue it
    /// with '/'. True for `a/b/**`, whose literal part has no wildcard. A test for the prefix alone
    /// is not enough: `a/**` does not match `ab`.
    [[nodiscard]] bool matches_everything_below_prefix() const noexcept { return is_subtree_; }

    /// Returns whether this pattern certainly matches every name that `other` matches. Decided by
    /// literals, subtrees and equal texts; false in all other cases.
    [[nodiscard]] bool covers(const Pattern& other) const noexcept;

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    explicit Pattern(std::string_view text);

    std::string text_;
    std::size_t prefix_bytes_ = 0;
    bool is_subtree_ = false;
};

}  // namespace ringside
