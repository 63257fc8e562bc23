#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"
#include "shm/document/value.hpp"
#include "tools/gateway/access/algorithm.hpp"
#include "tools/gateway/access/identity.hpp"
#include "tools/gateway/access/jwks.hpp"
#include "tools/support/toml_file.hpp"
#include "tools/support/toml_forward.hpp"

namespace ringside::gateway {

/// A valid token.
struct VerifiedToken {
    std::shared_ptr<const Identity> identity;
    std::chrono::system_clock::time_point expires;  ///< including leeway
};

/// Verifies JSON Web Tokens (RFC 7519, signed as in RFC 7515) under the table [jwt].
///
/// The key depends on the configured algorithms, never on the token alone (RFC 8725, 3.1): the
/// secret serves only HS256, and a public key serves only the algorithm of its type. `none`,
/// `crit`, and keys inside a token are not accepted.
///
/// `exp` is required. Strings, integers and booleans at the top level become claims. Other members
/// are ignored.
///
/// Thread safety: immutable.
class JwtVerifier {
public:
    /// Errors: bad_configuration (also for the files that the table names).
    [[nodiscard]] static Result<JwtVerifier> from(const toml::table& jwt,
                                                  const tools::TomlFile& file);

    /// Error: permission_denied. Its detail names the fault and contains no secret.
    /// Cost: about 0.3 ms per public key that is tried, most of which libjwt spends on reading the
    /// PEM; 7 us for HS256.
    [[nodiscard]] Result<VerifiedToken> verify(std::string_view token,
                                               std::chrono::system_clock::time_point now) const;

private:
    /// The header of a token.
    struct Header {
        Algorithm algorithm = Algorithm::hs256;
        std::optional<std::string> key_id;
    };

    JwtVerifier() = default;

    [[nodiscard]] Result<void> load_secret(const toml::table& jwt, const tools::TomlFile& file,
                                           const std::filesystem::path& path);
    [[nodiscard]] Result<void> load_keys(const toml::table& jwt, const tools::TomlFile& file,
                                         const std::filesystem::path& path);
    [[nodiscard]] bool allows(Algorithm algorithm) const noexcept;
    [[nodiscard]] bool allows_public_keys() const noexcept {
        return allows(Algorithm::rs256) || allows(Algorithm::es256);
    }
    [[nodiscard]] Result<Header> read_header(std::string_view json) const;
    [[nodiscard]] Result<void> check_signature(const std::string& token,
                                               const Header& header) const;
    [[nodiscard]] Result<VerifiedToken> read_claims(
        const Value& claims, std::chrono::system_clock::time_point now) const;
    [[nodiscard]] Result<std::chrono::system_clock::time_point> check_times(
        const Value& claims, std::chrono::system_clock::time_point now) const;
    [[nodiscard]] Result<void> check_parties(const Value& claims) const;

    std::vector<Algorithm> algorithms_;
    std::string secret_;           ///< for HS256
    std::vector<PublicKey> keys_;  ///< for the configured algorithms
    std::string issuer_;           ///< empty: not checked
    std::string audience_;         ///< empty: not checked
    std::string user_claim_ = "sub";
    std::chrono::seconds leeway_{30};
};

}  // namespace ringside::gateway
