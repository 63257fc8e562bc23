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

/// The access control part of the configuration.
struct Access {
    Authenticator authenticator;
    Rules rules;
    std::vector<RateLimit> rate_limits;
    Cors cors;
    /// Rules in deepstream's format, from [valve]. Null if `rules` decide.
    std::shared_ptr<const valve::ValveRules> valve_rules;

    /// Returns the permissions of an identity. `records` serves rules that read documents.
    [[nodiscard]] std::shared_ptr<const Permissions> permissions_of(
        const Identity& identity, const RecordSource& records) const;

    /// The top-level tables that are read here. Other code reads the other tables.
    static constexpr std::array<std::string_view, 8> tables = {
        "access", "api_key", "jwt", "certificate", "rule", "rate_limit", "cors", "valve"};

    /// Reads the whole part, or returns an error and nothing. `root` was parsed from `file`; paths
    /// are relative to the directory of `file`. Errors: bad_configuration, with file and line.
    [[nodiscard]] static Result<Access> load(const toml::table& root,
                                             const std::filesystem::path& file);
};

}  // namespace ringside::gateway
