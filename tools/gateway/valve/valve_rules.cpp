#include "tools/gateway/valve/valve_rules.hpp"

#include <algorithm>
#include <chrono>

#include "shm/name/name.hpp"
#include "tools/gateway/valve/js_source.hpp"
#include "tools/gateway/valve/native.hpp"

namespace ringside::gateway::valve {

namespace {

double now_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

Result<Expression> expression_of(const FileRule& rule, const Scope& scope) {
    if (const auto* text = std::get_if<std::string>(&rule.rule)) {
        return parse_expression(*text, scope);
    }
    Expression made;
    made.root.kind = Node::Kind::boolean;
    made.root.number = std::get<bool>(rule.rule) ? 1 : 0;
    return made;
}

/// Returns the part of a prefix that is the same in deepstream: up to the first character that one
/// side may encode differently.
std::string_view common_prefix(std::string_view prefix) noexcept {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '/' || c == '-' || c == '_';
    };
    const auto end = std::find_if_not(prefix.begin(), prefix.end(), is_plain);
    return prefix.substr(0, static_cast<std::size_t>(end - prefix.begin()));
}

}  // namespace

Result<std::shared_ptr<const ValveRules>> ValveRules::load(const std::filesystem::path& file,
                                                           Names names) {
    auto rules = read_rule_file(file);
    if (!rules) return rules.error();
    return make(*rules, file, std::move(names));
}

Result<std::shared_ptr<const ValveRules>> ValveRules::parse(std::string_view text,
                                                            const std::filesystem::path& file,
                                                            Names names) {
    auto rules = parse_rule_file(text, file);
    if (!rules) return rules.error();
    return make(*rules, file, std::move(names));
}

Result<std::shared_ptr<const ValveRules>> ValveRules::make(const std::vector<FileRule>& rules,
                                                           const std::filesystem::path& file,
                                                           Names names) {
    std::shared_ptr<ValveRules> made(new ValveRules());
    made->names_ = std::move(names);
    for (const FileRule& rule : rules) {
        if (auto added = made->add(rule); !added) {
            return Error(Errc::bad_configuration,
                         file.string() + ":" + std::to_string(rule.line) + ": '" + rule.section +
                             "' '" + rule.path + "' '" + rule.type + "': " + added.error().detail);
        }
    }
    return std::shared_ptr<const ValveRules>(std::move(made));
}

Result<void> ValveRules::add(const FileRule& rule) {
    auto path = Path::parse(rule.path);
    if (!path) return path.error();
    const RuleType& type = *rule_type_of(rule.section, rule.type);
    auto made = std::make_unique<ValveRule>();
    made->label = rule.section + " '" + rule.path + "' " + rule.type;
    made->scope = {type.has_data, type.has_old_data, path->variables()};
    auto expression = expression_of(rule, made->scope);
    if (!expression) return expression.error();
    made->expression = *std::move(expression);
    made->is_simple = is_simple(made->expression.root);
    made->script = {rules_.size(), js_source(made->expression, made->scope), &made->expression};
    paths_.push_back(std::make_unique<Path>(*std::move(path)));
    of_action_[static_cast<std::size_t>(type.action)].add(rules_.size(), *paths_.back());
    rules_.push_back(std::move(made));
    return {};
}

std::string ValveRules::deepstream_name(Action action, std::string_view grid_name) const {
    return action == Action::presence ? std::string(grid_name) : names_.from_grid(grid_name);
}

ValveRules::Found ValveRules::find(Action action, std::string_view name) const {
    auto found = of_action_[static_cast<std::size_t>(action)].find(name);
    if (!found) return {};
    return {rules_[found->path].get(), std::move(found->variables)};
}

Decision ValveRules::decide(const User& user, Action action, std::string_view grid_name,
                            const Evidence& evidence) const {
    // Names reserved for the grid do not exist in deepstream.
    const bool is_user = action == Action::presence;
    if (!is_user && is_reserved(grid_name)) return {};
    const std::string name = deepstream_name(action, grid_name);
    auto [rule, path_variables] = find(action, name);
    if (rule == nullptr) return {};
    const Expression& expression = rule->expression;
    if (expression.is_constant()) {
        return {.is_allowed = expression.root.number != 0, .rule = rule->label};
    }
    Facts facts(user, evidence, names_);
    facts.action = gateway::name(action);
    if (!is_user || !name.empty()) facts.name = name;
    facts.grid_name = grid_name;
    facts.path_variables = std::move(path_variables);
    facts.now_ms = now_ms();
    Verdict verdict = evaluate(*rule, facts);
    return {.is_allowed = verdict.is_true && !verdict.has_failed,
            .rule = rule->label,
            .has_failed = verdict.has_failed,
            .failure = std::move(verdict.why)};
}

Verdict ValveRules::evaluate(const ValveRule& rule, Facts& facts) const {
    Verdict verdict;
    const auto is_true = rule.is_simple ? evaluate_simple(rule.expression, rule.scope, facts)
                                        : std::optional<bool>();
    if (is_true) verdict.is_true = *is_true;
    else verdict = engines_.evaluate(rule.script, facts);
    // A record that seemed to be missing might exist and be unreadable.
    if (!facts.failure.empty()) return {.has_failed = true, .why = facts.failure};
    return verdict;
}

Coverage ValveRules::coverage(Action action, const Pattern& pattern) const {
    if (is_reserved(pattern.text())) return Coverage::none;
    if (pattern.is_literal()) {
        return coverage_of_one(action, deepstream_name(action, pattern.text()));
    }
    const std::string_view prefix = common_prefix(pattern.literal_prefix());
    bool may_allow = false;
    bool may_deny = false;
    bool is_covered = false;
    of_action_[static_cast<std::size_t>(action)].each([&](std::size_t number, const Path& path) {
        const std::string_view other = path.prefix();
        if (!prefix.starts_with(other) && !other.starts_with(prefix)) return true;
        const Expression& expression = rules_[number]->expression;
        const bool is_constant = expression.is_constant();
        may_allow = may_allow || !is_constant || expression.root.number != 0;
        may_deny = may_deny || !is_constant || expression.root.number == 0;
        // The following paths have lower precedence for every name. (Names with a line end are not
        // distinguished here: `*` covers them, although it does not match them.)
        is_covered = path.takes_all_of_prefix() && prefix.starts_with(other);
        return !is_covered;
    });
    if (!may_allow) return Coverage::none;
    return is_covered && !may_deny ? Coverage::all : Coverage::some;
}

Coverage ValveRules::coverage_of_one(Action action, const std::string& name) const {
    const auto [rule, path_variables] = find(action, name);
    if (rule == nullptr) return Coverage::none;
    if (!rule->expression.is_constant()) return Coverage::some;
    return rule->expression.root.number != 0 ? Coverage::all : Coverage::none;
}

}  // namespace ringside::gateway::valve
