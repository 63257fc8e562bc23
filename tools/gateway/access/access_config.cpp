#include "tools/gateway/access/access_config.hpp"

namespace ringside::gateway {

Result<Access> Access::load(const toml::table& root, const std::filesystem::path& file) {
    auto authenticator = Authenticator::from(root, file);
    if (!authenticator) return authenticator.error();
    auto rules = Rules::from(root, file);
    if (!rules) return rules.error();
    auto rate_limits = read_rate_limits(root, file);
    if (!rate_limits) return rate_limits.error();
    auto cors = Cors::from(root, file);
    if (!cors) return cors.error();
    return Access{.authenticator = std::move(*authenticator),
                  .rules = std::move(*rules),
                  .rate_limits = std::move(*rate_limits),
                  .cors = std::move(*cors)};
}

}  // namespace ringside::gateway
