#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "tools/gateway/access/permissions.hpp"

namespace ringside::gateway {

enum class Effect : std::uint8_t { allow, deny };

/// What the rules that fit an identity allow it. A deny wins over every allow; what nothing allows
/// is denied.
///
/// Cost of a decision: each pattern for the action is matched once at most.
class RulePermissions final : public Permissions {
public:
    /// Adds a rule, before the permissions are shared.
    void add(std::string rule, Effect effect, const std::vector<Action>& actions,
             const std::vector<Pattern>& patterns);

    using Permissions::decide;
    [[nodiscard]] Decision decide(Action action, std::string_view name) const override;

    /// all: one allowing pattern covers the whole pattern (`Pattern::covers`), and no denying one
    /// overlaps it. none: no allowing one overlaps it, or a denying one covers it.
    [[nodiscard]] Coverage coverage(Action action, const Pattern& pattern) const override;

private:
    struct Entry {
        std::size_t rule;  ///< in `names_`
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
