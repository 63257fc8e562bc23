#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"
#include "tools/gateway/access/api_keys.hpp"
#include "tools/gateway/access/identity.hpp"
#include "tools/gateway/access/jwt.hpp"
#include "tools/gateway/access/lru_cache.hpp"
#include "tools/support/toml_forward.hpp"

namespace ringside::gateway {

/// The names in a client certificate that TLS has verified.
struct ClientCertificate {
    std::string common_name;
    std::vector<std::string> dns_names;  ///< from subjectAltName
    /// End of its validity.
    std::chrono::system_clock::time_point expires = std::chrono::system_clock::time_point::max();
};

/// The credentials that a request carries. Missing ones are empty or null.
struct Credentials {
    std::string_view authorization = {};  ///< value of the Authorization header
    std::string_view api_key = {};        ///< value of the X-API-Key header
    std::string_view access_token = {};   ///< decoded query parameter (RFC 6750, 2.3)
    const ClientCertificate* certificate = nullptr;
};

/// Returns whether a configuration has a [[deepstream.auth]] whose method refuses some clients.
[[nodiscard]] bool has_logins(const toml::table& root);

/// Determines the identity behind a request.
///
/// A request may carry one of Authorization, X-API-Key and access_token (RFC 6750, 2). If it
/// carries one, that one counts, and the certificate is ignored. Invalid credentials are refused,
/// even if the request would be served without them. Certificates count if at least one
/// [[certificate]] is configured.
///
/// If no method is configured, credentials are ignored and every client is anonymous. Logins of
/// deepstream's clients ([[deepstream.auth]]) count as a configured method: their rules are not
/// meant for every client, so requests need credentials or `allow_anonymous`.
///
/// Thread safety: any thread.
class Authenticator {
public:
    /// Reads [access], [[api_key]], [jwt] and [[certificate]]. Errors: bad_configuration.
    [[nodiscard]] static Result<Authenticator> from(const toml::table& root,
                                                    const std::filesystem::path& file);

    /// Error: permission_denied. Its detail is for the log and contains no secret.
    /// Cost: below half a microsecond for an API key or a token that was verified before. Any other
    /// token costs as much as `JwtVerifier::verify`, also if it is refused.
    [[nodiscard]] Result<std::shared_ptr<const Identity>> authenticate(
        const Credentials& credentials, std::chrono::system_clock::time_point now) const;

    /// Returns whether any method of authentication is configured.
    [[nodiscard]] bool has_methods() const noexcept {
        return !api_keys_.is_empty() || jwt_ || !certificates_.empty();
    }
    /// Returns whether all clients are served without credentials, because no method is configured.
    [[nodiscard]] bool is_for_everybody() const noexcept { return !has_methods() && !has_logins_; }
    [[nodiscard]] bool allows_anonymous() const noexcept { return allows_anonymous_; }

private:
    /// A table [[certificate]]. Exactly one of the two names is set.
    struct CertificateUser {
        std::string common_name;
        std::string dns_name;
        std::shared_ptr<const Identity> identity;
    };

    Authenticator();

    [[nodiscard]] Result<void> read_access(const toml::table& root, const tools::TomlFile& file);
    [[nodiscard]] Result<void> read_certificates(const toml::table& root,
                                                 const tools::TomlFile& file);
    [[nodiscard]] Result<std::shared_ptr<const Identity>> of_key(std::string_view key) const;
    [[nodiscard]] Result<std::shared_ptr<const Identity>> of_bearer(
        std::string_view token, std::chrono::system_clock::time_point now) const;
    [[nodiscard]] Result<std::shared_ptr<const Identity>> of_certificate(
        const ClientCertificate& certificate, std::chrono::system_clock::time_point now) const;

    ApiKeys api_keys_;
    std::optional<JwtVerifier> jwt_;
    std::vector<CertificateUser> certificates_;
    bool has_logins_ = false;  ///< users log in through [[deepstream.auth]]
    bool allows_anonymous_ = false;
    std::shared_ptr<const Identity> anonymous_;
    /// Holds only valid tokens.
    std::unique_ptr<LruCache<Digest, VerifiedToken, DigestHash>> tokens_;
};

}  // namespace ringside::gateway
