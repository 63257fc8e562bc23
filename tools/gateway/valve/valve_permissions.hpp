#pragma once

#include <memory>

#include "tools/gateway/access/permissions.hpp"
#include "tools/gateway/valve/valve_rules.hpp"

namespace ringside::gateway::valve {

/// The permissions that deepstream's rules give to one identity.
///
/// A rule is evaluated each time, because it may read documents. If a decision is requested without
/// evidence, records are read from the source, and there is no `data`.
class ValvePermissions final : public Permissions {
public:
    ValvePermissions(std::shared_ptr<const ValveRules> rules, const Identity& identity,
                     RecordSource source);

    [[nodiscard]] Decision decide(Action action, std::string_view name) const override;
    [[nodiscard]] Decision decide(Action action, std::string_view name,
                                  const Evidence& evidence) const override;
    [[nodiscard]] bool looks_at_documents(Action action, std::string_view name) const override;
    [[nodiscard]] bool looks_at_data(Action action, std::string_view name) const override;
    /// A rule `create` sees no document, so the first document must pass `write`.
    [[nodiscard]] bool create_includes_write() const override { return false; }
    [[nodiscard]] Coverage coverage(Action action, const Pattern& pattern) const override;

private:
    /// Returns null if no rule decides about that name.
    [[nodiscard]] const Expression* expression_of(Action action, std::string_view name) const;

    std::shared_ptr<const ValveRules> rules_;
    User user_;
    RecordSource source_;
};

}  // namespace ringside::gateway::valve
