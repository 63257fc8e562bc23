#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/keyed_hash.hpp"
#include "shm/name/pattern.hpp"

namespace ringside::broker {

/// What is watched, over all sessions: how many watch a name, and by which patterns. A pattern
/// that is watched several times is kept, and matched, once.
class WatchBook {
public:
    /// Returns whether nothing with this text was watched before.
    bool add(const Pattern& pattern) {
        if (pattern.is_literal()) return ++literal_[pattern.text()] == 1;
        const auto [place, is_new] =
            counts_.try_emplace(pattern.text(), Count{wildcards_.size(), 0});
        ++place->second.watches;
        if (is_new) wildcards_.push_back(pattern);
        return is_new;
    }
    /// Returns whether nothing with this text is watched now. REQUIRES: it was added.
    bool remove(const Pattern& pattern) {
        if (pattern.is_literal()) {
            const auto place = literal_.find(pattern.text());
            if (--place->second > 0) return false;
            literal_.erase(place);
            return true;
        }
        const auto place = counts_.find(pattern.text());
        if (--place->second.watches > 0) return false;
        const std::size_t index = place->second.index;
        counts_.erase(place);
        if (index + 1 < wildcards_.size()) {
            wildcards_[index] = std::move(wildcards_.back());
            counts_.find(wildcards_[index].text())->second.index = index;
        }
        wildcards_.pop_back();
        return true;
    }

    [[nodiscard]] bool has_literal(const std::string& name) const {
        return literal_.contains(name);
    }
    [[nodiscard]] bool has_wildcard_for(std::string_view name) const noexcept {
        for (const Pattern& pattern : wildcards_) {
            if (pattern.matches(name)) return true;
        }
        return false;
    }
    /// In order, so that a search can continue at a name.
    [[nodiscard]] const std::map<std::string, std::size_t>& literals() const noexcept {
        return literal_;
    }
    [[nodiscard]] const std::vector<Pattern>& wildcards() const noexcept { return wildcards_; }

private:
    struct Count {
        std::size_t index = 0;  ///< in `wildcards_`
        std::size_t watches = 0;
    };
    std::map<std::string, std::size_t> literal_;
    std::vector<Pattern> wildcards_;
    TextMap<Count> counts_;
};

}  // namespace ringside::broker
