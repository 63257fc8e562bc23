#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shm/name/pattern.hpp"

namespace ringside::broker {

/// What is watched, over all sessions: how many watch a name, and by which patterns.
class WatchBook {
public:
    void add(const Pattern& pattern) {
        if (pattern.is_literal()) ++literal_[pattern.text()];
        else wildcards_.push_back(pattern);
    }
    /// REQUIRES: it was added.
    void remove(const Pattern& pattern) {
        if (!pattern.is_literal()) {
            for (auto& one : wildcards_) {
                if (one.text() != pattern.text()) continue;
                std::swap(one, wildcards_.back());
                return wildcards_.pop_back();
            }
        }
        const auto place = literal_.find(pattern.text());
        if (place != literal_.end() && --place->second == 0) literal_.erase(place);
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
    [[nodiscard]] const std::unordered_map<std::string, std::size_t>& literals() const noexcept {
        return literal_;
    }
    [[nodiscard]] const std::vector<Pattern>& wildcards() const noexcept { return wildcards_; }

private:
    std::unordered_map<std::string, std::size_t> literal_;
    std::vector<Pattern> wildcards_;
};

}  // namespace ringside::broker
