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

/// The table [cors]: the origins whose scripts may read the gateway's responses (the CORS protocol
/// of the Fetch standard). Without the table no other origin may.
/// Thread safety: immutable.
class Cors {
public:
    using Headers = std::vector<std::pair<std::string, std::string>>;

    /// Allows no origin.
    Cors() = default;

    /// Errors: bad_configuration (also for credentials together with every origin).
    [[nodiscard]] static Result<Cors> from(const toml::table& root,
                                           const std::filesystem::path& file);

    /// Returns whether an origin is allowed. Browsers do not apply CORS to WebSockets, so the
    /// server must call this for an upgrade whose Origin is not the gateway's own.
    [[nodiscard]] bool allows(std::string_view origin) const noexcept;

    /// Returns the headers that a response needs in addition to its own. `origin` comes from the
    /// request; empty if there was none.
    [[nodiscard]] Headers simple(std::string_view origin) const;

    /// Returns the headers of the response to a preflight request (OPTIONS with
    /// Access-Control-Request-Method).
    [[nodiscard]] Headers preflight(std::string_view origin) const;

private:
    /// The headers that simple and preflight responses share.
    [[nodiscard]] Headers common(std::string_view origin) const;

    std::vector<std::string> origins_;
    bool is_for_all_ = false;
    bool has_credentials_ = false;
    std::int64_t max_age_s_ = 600;
};

}  // namespace ringside::gateway
