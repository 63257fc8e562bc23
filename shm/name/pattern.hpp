#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside {

/// A glob pattern over record names.
///
/// `*` stands for any number of characters within one level, also beside others (`seat-*`), but
/// not for an empty level: names have none. A level that is exactly `**` stands for any number of
/// levels, none included: `a/**` matches `a`, `a/b` and `a/b/c`. A wildcard at the beginning does
/// not stand for a `$`, so that `**` matches every name but those of the grid itself (the rule of
/// MQTT 3.1.1, 4.7.2).
///
///     Pattern seats = Pattern::parse("event/*/seat/**").value();
///     seats.matches("event/42/seat/A12");  // true
///
/// Matching is greedy with one point of return for `*` and one for `**`: its cost is bounded by
/// name size times pattern size, whatever the pattern.
/// Thread safety: immutable after parse.
class Pattern {
public:
    /// Errors: bad_pattern (empty, longer than `limits::pattern_bytes_max`, not UTF-8, an empty
    /// level, a control character, `**` beside other characters in a level).
    static Result<Pattern> parse(std::string_view text);

    /// `name` is one that passes `check_name`.
    [[nodiscard]] bool matches(std::string_view name) const noexcept;

    /// The longest text that every match begins with: "event/" of `event/*/seat` and of
    /// `event/**/seat`, but "event" of `event/**`, which matches `event` itself.
    /// For a scan of ordered names.
    [[nodiscard]] std::string_view literal_prefix() const noexcept {
        return std::string_view(text_).substr(0, prefix_bytes_);
    }

    /// Whether there is no wildcard: the only match is `text()`.
    [[nodiscard]] bool is_literal() const noexcept { return prefix_bytes_ == text_.size(); }

    /// The first level of every match, where the pattern fixes it.
    [[nodiscard]] std::optional<std::string_view> literal_first_level() const noexcept;

    /// Whether a name matches exactly if it is `literal_prefix()` itself or that followed by '/'
    /// and more. True for `a/b/**`, whose literal part has no wildcard. Note that "starts with the
    /// prefix" is not enough: `a/**` does not match `ab`.
    [[nodiscard]] bool matches_everything_below_prefix() const noexcept { return is_subtree_; }

    /// Whether every name that `other` matches is certain to match this one, too. Where that cannot
    /// be told from a literal, a subtree or equal texts, the answer is no.
    [[nodiscard]] bool covers(const Pattern& other) const noexcept;

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    explicit Pattern(std::string_view text);

    std::string text_;
    std::size_t prefix_bytes_ = 0;
    bool is_subtree_ = false;
};

}  // namespace ringside
