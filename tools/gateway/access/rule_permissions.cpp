#include "tools/gateway/access/rule_permissions.hpp"

#include <algorithm>

#include "tools/gateway/access/pattern_overlap.hpp"

namespace ringside::gateway {

void RulePermissions::add(std::string rule, Effect effect, const std::vector<Action>& actions,
                          const std::vector<Pattern>& patterns) {
    names_.push_back(std::move(rule));
    for (const Action action : actions) {
        OfAction& of_action = actions_[static_cast<std::size_t>(action)];
        auto& entries = effect == Effect::deny ? of_action.denying : of_action.allowing;
        for (const Pattern& pattern : patterns) {
            entries.push_back({.rule = names_.size() - 1, .pattern = pattern});
        }
    }
}

Decision RulePermissions::decide(Action action, std::string_view name) const {
    const auto matching = [&](const std::vector<Entry>& entries) {
        return std::find_if(entries.begin(), entries.end(),
                            [&](const Entry& entry) { return entry.pattern.matches(name); });
    };
    const auto& [denying, allowing] = of(action);
    if (const auto found = matching(denying); found != denying.end()) {
        return {.is_allowed = false, .rule = names_[found->rule]};
    }
    if (const auto found = matching(allowing); found != allowing.end()) {
        return {.is_allowed = true, .rule = names_[found->rule]};
    }
    return {};
}

Coverage RulePermissions::coverage(Action action, const Pattern& pattern) const {
    const auto covers = [&](const Entry& entry) { return entry.pattern.covers(pattern); };
    const auto overlaps = [&](const Entry& entry) { return overlap(entry.pattern, pattern); };
    const auto& [denying, allowing] = of(action);
    if (std::any_of(denying.begin(), denying.end(), covers)) return Coverage::none;
    if (std::none_of(allowing.begin(), allowing.end(), overlaps)) return Coverage::none;
    const bool is_covered = std::any_of(allowing.begin(), allowing.end(), covers);
    const bool is_cut = std::any_of(denying.begin(), denying.end(), overlaps);
    return is_covered && !is_cut ? Coverage::all : Coverage::some;
}

}  // namespace ringside::gateway
