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
    std::vector<Pattern> users;  ///< empty: all, the anonymous one included
    std::vector<Action> actions;
    std::vector<PatternTemplate> patterns;
    Effect effect = Effect::allow;
};

/// The tables [[rule]], from which the permissions of each identity are made.
///
/// A rule applies to an identity if its users fit and every placeholder of its patterns has a value
/// that can be a level. Else it does not, and that is so for a deny, too: who has no claim `event`
/// is not denied anything by a rule about `{claim.event}`.
///
/// Without rules: who is known may do everything; who is anonymous, too, as long as nothing is
/// configured by which one could be known, and nothing otherwise.
///
/// Thread safety: any thread.
class Rules {
public:
    /// `name` is "rule N" where it is not given, `effect` allow; `actions` and `patterns` must be.
    /// Errors: bad_configuration.
    [[nodiscard]] static Result<Rules> from(const toml::table& root,
                                            const std::filesystem::path& file);

    /// Cost: a look-up, for who was seen before with the same claims, as far as rules name them.
    [[nodiscard]] std::shared_ptr<const Permissions> of(const Identity& identity) const;

private:
    Rules();

    [[nodiscard]] static Result<Rule> read_rule(const toml::table& table,
                                                const tools::TomlFile& file);
    [[nodiscard]] std::shared_ptr<const Permissions> make(const Identity& identity) const;
    [[nodiscard]] std::string cache_key(const Identity& identity) const;

    std::vector<Rule> rules_;
    std::vector<std::string> claims_;                  ///< that rules name; sorted, each once
    std::shared_ptr<const Permissions> of_known_;      ///< without rules
    std::shared_ptr<const Permissions> of_anonymous_;  ///< without rules
    std::unique_ptr<LruCache<std::string, std::shared_ptr<const Permissions>, TextHash>> made_;
};

}  // namespace ringside::gateway
