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

/// A JSON Web Key Set (RFC 7517) as far as it can verify RS256 and ES256: `kty` RSA, and EC with
/// P-256. Keys of other types, for other algorithms or other uses are passed over, as the standard
/// wants. A key that is one of ours and damaged is an error, which says which.
/// Errors: bad_configuration (no JWK Set, a damaged key, more than `access_limits::jwks_keys_max`).
[[nodiscard]] Result<std::vector<PublicKey>> parse_jwks(std::string_view json);

}  // namespace ringside::gateway
