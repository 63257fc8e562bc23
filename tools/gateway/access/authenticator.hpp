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

/// Of a certificate that TLS has verified.
struct ClientCertificate {
    std::string common_name;
    std::vector<std::string> dns_names;  ///< of subjectAltName
};

/// What a request brings to say who makes it; empty or null: nothing.
struct Credentials {
    std::string_view authorization = {};  ///< the value of Authorization
    std::string_view api_key = {};        ///< the value of X-API-Key
    std::string_view access_token = {};   ///< the parameter, decoded (RFC 6750, 2.3)
    const ClientCertificate* certificate = nullptr;
};

/// Whether a configuration has [[deepstream.auth]] with a method that does not let everybody in.
[[nodiscard]] bool has_logins(const toml::table& root);

/// Says who makes a request.
///
/// A request may bring one of Authorization, X-API-Key and access_token (RFC 6750, 2); where it
/// brings one, that counts and not the certificate. Credentials that are not good are refused, even
/// if without them the request would be served. A certificate counts where there is a
/// [[certificate]] at all. Where nothing is configured, credentials are not looked at: everybody is
/// anonymous. Users who log in elsewhere ([[deepstream.auth]]) are a configuration, too: their
/// rules are not meant for everybody, so requests need credentials, or `allow_anonymous`.
///
/// Thread safety: any thread.
class Authenticator {
public:
    /// Reads [access], [[api_key]], [jwt] and [[certificate]]. Errors: bad_configuration.
    [[nodiscard]] static Result<Authenticator> from(const toml::table& root,
                                                    const std::filesystem::path& file);

    /// Error: permission_denied; the detail is for the log, and has no secret in it.
    /// Cost: below half a microsecond for an API key or a token that was verified before; for any
    /// other token that of `JwtVerifier::verify`, also if it is refused.
    [[nodiscard]] Result<std::shared_ptr<const Identity>> authenticate(
        const Credentials& credentials, std::chrono::system_clock::time_point now) const;

    /// Whether there is any way to say who one is.
    [[nodiscard]] bool has_methods() const noexcept {
        return !api_keys_.is_empty() || jwt_ || !certificates_.empty();
    }
    /// Whether everybody is served without credentials: nothing says who may be a user.
    [[nodiscard]] bool is_for_everybody() const noexcept { return !has_methods() && !has_logins_; }
    [[nodiscard]] bool allows_anonymous() const noexcept { return allows_anonymous_; }

private:
    /// A table [[certificate]]: one of the two names is given.
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
        const ClientCertificate& certificate) const;

    ApiKeys api_keys_;
    std::optional<JwtVerifier> jwt_;
    std::vector<CertificateUser> certificates_;
    bool has_logins_ = false;  ///< users log in by [[deepstream.auth]]
    bool allows_anonymous_ = false;
    std::shared_ptr<const Identity> anonymous_;
    /// Only tokens that were found good are in it.
    std::unique_ptr<LruCache<Digest, VerifiedToken, DigestHash>> tokens_;
};

}  // namespace ringside::gateway
