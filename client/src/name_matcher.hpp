#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "shm/name/pattern.hpp"

namespace ringside::detail {

/// Matches a pattern against names in order. If the last level of the pattern is `*`, names that
/// differ only in their last level have the same result, which is cached. Most matches then cost
/// one comparison of bytes.
/// Thread safety: one thread.
class NameMatcher {
public:
    explicit NameMatcher(Pattern pattern)
        : pattern_(std::move(pattern)), ends_in_any_(pattern_.text().ends_with("/*")) {}

    [[nodiscard]] const Pattern& pattern() const noexcept { return pattern_; }

    /// The next names are between these two: if both have the same parent, all have.
    void begin_batch(std::string_view first, std::string_view last) noexcept {
        have_parent_ = !parent_.empty() && first.starts_with(parent_) && last.starts_with(parent_);
    }

    /// REQUIRES: `name` passes `check_name`.
    [[nodiscard]] bool matches(std::string_view name) {
        const bool has_parent = have_parent_ || (!parent_.empty() && name.starts_with(parent_));
        if (has_parent && name.find('/', parent_.size()) == std::string_view::npos) [[likely]] {
            return is_match_;
        }
        is_match_ = pattern_.matches(name);
        if (ends_in_any_) parent_ = name.substr(0, name.rfind('/') + 1);
        have_parent_ = false;
        return is_match_;
    }

private:
    Pattern pattern_;
    bool ends_in_any_;
    std::string parent_;  ///< of the last name, including the '/' after it
    bool is_match_ = false;
    bool have_parent_ = false;  ///< whether all names of this batch have `parent_`
};

}  // namespace ringside::detail
