#pragma once

#include <string>
#include <string_view>

#include "tools/gateway/access/algorithm.hpp"

namespace ringside::gateway {

/// Returns whether the signature of a token matches the key, using libjwt. `key` is the secret of
/// HS256, or a public key in PEM. Returns false for a token whose header names another algorithm
/// than `algorithm`, whatever its signature.
[[nodiscard]] bool is_signed_by(const std::string& token, Algorithm algorithm,
                                std::string_view key) noexcept;

}  // namespace ringside::gateway
