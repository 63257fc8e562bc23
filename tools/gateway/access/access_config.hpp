#pragma once

#include <toml++/toml.h>

#include <array>
#include <filesystem>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"
#include "tools/gateway/access/authenticator.hpp"
#include "tools/gateway/access/cors.hpp"
#include "tools/gateway/access/rate_limiter.hpp"
#include "tools/gateway/access/rules.hpp"

namespace ringside::gateway {

/// All that the configuration says about who may do what.
struct Access {
    Authenticator authenticator;
    Rules rules;
    std::vector<RateLimit> rate_limits;
    Cors cors;

    /// The tables at the top level that are read here; what else there is, is somebody else's.
    static constexpr std::array<std::string_view, 7> tables = {
        "access", "api_key", "jwt", "certificate", "rule", "rate_limit", "cors"};

    /// All of it, or an error and nothing. `root` was parsed from `file`, to whose directory paths
    /// are relative. Errors: bad_configuration, with file and line.
    [[nodiscard]] static Result<Access> load(const toml::table& root,
                                             const std::filesystem::path& file);
};

}  // namespace ringside::gateway
