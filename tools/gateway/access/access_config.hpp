#pragma once

#include <array>
#include <filesystem>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"
#include "tools/gateway/access/authenticator.hpp"
#include "tools/gateway/access/cors.hpp"
#include "tools/gateway/access/rate_limiter.hpp"
#include "tools/gateway/access/rules.hpp"
#include "tools/support/toml_forward.hpp"

namespace ringside::gateway {

namespace valve {
class ValveRules;
}

/// All that the configuration says about who may do what.
struct Access {
    Authenticator authenticator;
    Rules rules;
    std::vector<RateLimit> rate_limits;
    Cors cors;
    /// Deepstream's rules, of [valve]; null: `rules` decide.
    std::shared_ptr<const valve::ValveRules> valve_rules;

    /// What somebody may do. `records`: for rules that look at them.
    [[nodiscard]] std::shared_ptr<const Permissions> permissions_of(
        const Identity& identity, const RecordSource& records) const;

    /// The tables at the top level that are read here; what else there is, is somebody else's.
    static constexpr std::array<std::string_view, 8> tables = {
        "access", "api_key", "jwt", "certificate", "rule", "rate_limit", "cors", "valve"};

    /// All of it, or an error and nothing. `root` was parsed from `file`, to whose directory paths
    /// are relative. Errors: bad_configuration, with file and line.
    [[nodiscard]] static Result<Access> load(const toml::table& root,
                                             const std::filesystem::path& file);
};

}  // namespace ringside::gateway
