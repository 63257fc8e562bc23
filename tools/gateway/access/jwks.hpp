#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/errc.hpp"
#include "tools/gateway/access/algorithm.hpp"

namespace ringside::gateway {

/// A public key that verifies tokens of one algorithm.
struct PublicKey {
    std::optional<std::string> id;  ///< `kid`
    Algorithm algorithm = Algorithm::rs256;
    std::string pem;
};

/// Parses a JSON Web Key Set (RFC 7517) and keeps the keys that can verify RS256 and ES256: `kty`
/// RSA, and EC with P-256. Keys of other types, algorithms or uses are skipped, as the standard
/// requires. A damaged key of a supported type is an error that names the key.
/// Errors: bad_configuration (not a JWK Set, a damaged key, more than
/// `access_limits::jwks_keys_max` keys).
[[nodiscard]] Result<std::vector<PublicKey>> parse_jwks(std::string_view json);

}  // namespace ringside::gateway
