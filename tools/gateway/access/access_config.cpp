#include "tools/gateway/access/access_config.hpp"

#include <toml++/toml.h>

#include "tools/gateway/deepstream/names.hpp"
#include "tools/gateway/valve/valve_permissions.hpp"

namespace ringside::gateway {

namespace {

/// Reads the rules file that [valve] names. Returns null if there is no [valve].
Result<std::shared_ptr<const valve::ValveRules>> load_valve(const toml::table& root,
                                                            const std::filesystem::path& path) {
    const tools::TomlFile file(path);
    const auto table = file.table(root, "valve");
    if (!table) return table.error();
    if (*table == nullptr) return nullptr;
    std::filesystem::path rules;
    if (auto read = file.read(**table, "[valve]", {{"file", file.to(rules)}}); !read) {
        return read.error();
    }
    if (rules.empty()) return file.error_at(**table, "[valve] is incomplete; set file");
    if (root.contains("rule")) {
        return file.error_at(**table, "both [valve] and [[rule]] are present; keep one");
    }
    return valve::ValveRules::load(rules, {deepstream::to_grid_name, deepstream::from_grid_name});
}

}  // namespace

Result<Access> Access::load(const toml::table& root, const std::filesystem::path& file) {
    auto authenticator = Authenticator::from(root, file);
    if (!authenticator) return authenticator.error();
    auto rules = Rules::from(root, file);
    if (!rules) return rules.error();
    auto rate_limits = read_rate_limits(root, file);
    if (!rate_limits) return rate_limits.error();
    auto cors = Cors::from(root, file);
    if (!cors) return cors.error();
    auto valve_rules = load_valve(root, file);
    if (!valve_rules) return valve_rules.error();
    return Access{.authenticator = std::move(*authenticator),
                  .rules = std::move(*rules),
                  .rate_limits = std::move(*rate_limits),
                  .cors = std::move(*cors),
                  .valve_rules = *std::move(valve_rules)};
}

std::shared_ptr<const Permissions> Access::permissions_of(const Identity& identity,
                                                          const RecordSource& records) const {
    if (valve_rules == nullptr) return rules.of(identity);
    return std::make_shared<valve::ValvePermissions>(valve_rules, identity, records);
}

}  // namespace ringside::gateway
