#pragma once

#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::gateway {

/// Public keys as PEM (RFC 7468, "PUBLIC KEY") out of the numbers of a JSON Web Key (RFC 7518, 6),
/// big-endian bytes. Errors: bad_configuration (numbers that make no key, or a weak one).

[[nodiscard]] Result<std::string> rsa_public_key(std::string_view modulus,
                                                 std::string_view exponent);
[[nodiscard]] Result<std::string> p256_public_key(std::string_view x, std::string_view y);

}  // namespace ringside::gateway
