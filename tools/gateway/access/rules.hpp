#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "shm/base/errc.hpp"
#include "shm/base/keyed_hash.hpp"
#include "tools/gateway/access/identity.hpp"
#include "tools/gateway/access/lru_cache.hpp"
#include "tools/gateway/access/pattern_template.hpp"
#include "tools/gateway/access/rule_permissions.hpp"
#include "tools/support/toml_file.hpp"
#include "tools/support/toml_forward.hpp"

namespace ringside::gateway {

/// One table [[rule]].
struct Rule {
    std::string name;
    std::vector<Pattern> users;  ///< empty: all users, including the anonymous one
    std::vector<Action> actions;
    std::vector<PatternTemplate> patterns;
    Effect effect = Effect::allow;
};

/// The tables [[rule]], from which the permissions of each identity are computed.
///
/// A rule applies to an identity if its users match and every placeholder of its patterns has a
/// value that can be a level. This holds for denying rules as well: a rule with `{claim.event}`
/// denies nothing to an identity without the claim `event`.
///
/// Without rules, a known identity may do everything. An anonymous one may do everything if no
/// method of authentication is configured, and otherwise nothing.
///
/// Thread safety: any thread.
class Rules {
public:
    /// The default `name` is "rule N", the default `effect` is allow. `actions` and `patterns` are
    /// required. Errors: bad_configuration.
    [[nodiscard]] static Result<Rules> from(const toml::table& root,
                                            const std::filesystem::path& file);

    /// Returns the permissions of an identity. Cost: one lookup if an identity with the same user
    /// and the same claims (those that rules name) was seen before.
    [[nodiscard]] std::shared_ptr<const Permissions> of(const Identity& identity) const;

private:
    Rules();

    [[nodiscard]] static Result<Rule> read_rule(const toml::table& table,
                                                const tools::TomlFile& file);
    [[nodiscard]] std::shared_ptr<const Permissions> make(const Identity& identity) const;
    [[nodiscard]] std::string cache_key(const Identity& identity) const;

    std::vector<Rule> rules_;
    std::vector<std::string> claims_;                  ///< claims that rules name; sorted, unique
    std::shared_ptr<const Permissions> of_known_;      ///< without rules
    std::shared_ptr<const Permissions> of_anonymous_;  ///< without rules
    std::unique_ptr<LruCache<std::string, std::shared_ptr<const Permissions>, TextHash>> made_;
};

}  // namespace ringside::gateway
