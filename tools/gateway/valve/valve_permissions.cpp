#include "tools/gateway/valve/valve_permissions.hpp"

namespace ringside::gateway::valve {

ValvePermissions::ValvePermissions(std::shared_ptr<const ValveRules> rules,
                                   const Identity& identity, RecordSource source)
    : rules_(std::move(rules)), user_(identity), source_(std::move(source)) {}

Decision ValvePermissions::decide(Action action, std::string_view name) const {
    return decide(action, name, RecordEvidence(source_));
}

Decision ValvePermissions::decide(Action action, std::string_view name,
                                  const Evidence& evidence) const {
    return rules_->decide(user_, action, name, evidence);
}

const Expression* ValvePermissions::expression_of(Action action, std::string_view name) const {
    const auto found = rules_->find(action, rules_->deepstream_name(action, name));
    return found.rule == nullptr ? nullptr : &found.rule->expression;
}

bool ValvePermissions::looks_at_documents(Action action, std::string_view name) const {
    const Expression* const expression = expression_of(action, name);
    return expression != nullptr && (expression->uses_old_data || expression->uses_records);
}

bool ValvePermissions::looks_at_data(Action action, std::string_view name) const {
    const Expression* const expression = expression_of(action, name);
    return expression != nullptr && expression->uses_data;
}

Coverage ValvePermissions::coverage(Action action, const Pattern& pattern) const {
    return rules_->coverage(action, pattern);
}

}  // namespace ringside::gateway::valve
