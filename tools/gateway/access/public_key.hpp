#pragma once

#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::gateway {

/// Build public keys in PEM (RFC 7468, "PUBLIC KEY") from the numbers of a JSON Web Key (RFC 7518,
/// 6), big-endian bytes. Errors: bad_configuration (an invalid or weak key).

[[nodiscard]] Result<std::string> rsa_public_key(std::string_view modulus,
                                                 std::string_view exponent);
[[nodiscard]] Result<std::string> p256_public_key(std::string_view x, std::string_view y);

}  // namespace ringside::gateway
