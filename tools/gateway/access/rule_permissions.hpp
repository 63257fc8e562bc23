#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "tools/gateway/access/permissions.hpp"

namespace ringside::gateway {

enum class Effect : std::uint8_t { allow, deny };

/// The permissions that the applicable rules give to an identity. A denying rule overrides every
/// allowing one. An action that no rule allows is denied.
///
/// Cost of a decision: each pattern for the action is matched at most once.
class RulePermissions final : public Permissions {
public:
    /// Adds a rule. Call it before the permissions are shared.
    void add(std::string rule, Effect effect, const std::vector<Action>& actions,
             const std::vector<Pattern>& patterns);

    using Permissions::decide;
    [[nodiscard]] Decision decide(Action action, std::string_view name) const override;

    /// Returns `all` if one allowing pattern covers the whole pattern (`Pattern::covers`) and no
    /// denying pattern overlaps it. Returns `none` if no allowing pattern overlaps it, or a denying
    /// one covers it.
    [[nodiscard]] Coverage coverage(Action action, const Pattern& pattern) const override;

private:
    struct Entry {
        std::size_t rule;  ///< index in `names_`
        Pattern pattern;
    };
    struct OfAction {
        std::vector<Entry> denying;
        std::vector<Entry> allowing;
    };

    [[nodiscard]] const OfAction& of(Action action) const noexcept {
        return actions_[static_cast<std::size_t>(action)];
    }

    std::vector<std::string> names_;
    std::array<OfAction, all_actions.size()> actions_;
};

}  // namespace ringside::gateway
