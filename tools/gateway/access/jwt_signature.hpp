#pragma once

#include <string>
#include <string_view>

#include "tools/gateway/access/algorithm.hpp"

namespace ringside::gateway {

/// Whether a token's signature is the key's, by libjwt: `key` is the secret of HS256, or a public
/// key as PEM. False for a token that says it has another algorithm than `algorithm`, whatever its
/// signature.
[[nodiscard]] bool is_signed_by(const std::string& token, Algorithm algorithm,
                                std::string_view key) noexcept;

}  // namespace ringside::gateway
