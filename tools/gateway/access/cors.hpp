#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shm/base/errc.hpp"
#include "tools/support/toml_forward.hpp"

namespace ringside::gateway {

/// The table [cors]: which other origins' scripts may read what the gateway answers (the CORS
/// protocol of the Fetch standard). Without it: none.
/// Thread safety: immutable.
class Cors {
public:
    using Headers = std::vector<std::pair<std::string, std::string>>;

    /// No origin.
    Cors() = default;

    /// Errors: bad_configuration (also: credentials for every origin).
    [[nodiscard]] static Result<Cors> from(const toml::table& root,
                                           const std::filesystem::path& file);

    /// Whether an origin is one of these. Browsers do not ask for WebSockets: of an upgrade that
    /// has an Origin other than the gateway's own, it is for the server to ask.
    [[nodiscard]] bool allows(std::string_view origin) const noexcept;

    /// What an answer has to have beside its own headers. `origin` is the request's; empty: none.
    [[nodiscard]] Headers simple(std::string_view origin) const;

    /// What the answer to a preflight request (OPTIONS with Access-Control-Request-Method) has.
    [[nodiscard]] Headers preflight(std::string_view origin) const;

private:
    /// The headers that both have.
    [[nodiscard]] Headers common(std::string_view origin) const;

    std::vector<std::string> origins_;
    bool is_for_all_ = false;
    bool has_credentials_ = false;
    std::int64_t max_age_s_ = 600;
};

}  // namespace ringside::gateway
