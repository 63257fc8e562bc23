#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ringside::gateway {

/// Signature algorithm of a token (RFC 7518, 3.1). `none` is not supported.
enum class Algorithm : std::uint8_t {
    hs256,  ///< HMAC with SHA-256 and a shared secret
    rs256,  ///< RSASSA-PKCS1-v1_5 with SHA-256
    es256   ///< ECDSA over P-256 with SHA-256
};

inline constexpr std::array all_algorithms = {Algorithm::hs256, Algorithm::rs256, Algorithm::es256};

[[nodiscard]] constexpr std::string_view name(Algorithm algorithm) noexcept {
    switch (algorithm) {
        case Algorithm::hs256: return "HS256";
        case Algorithm::rs256: return "RS256";
        case Algorithm::es256: return "ES256";
    }
    return "none";
}

[[nodiscard]] constexpr std::optional<Algorithm> algorithm_of(std::string_view text) noexcept {
    for (const Algorithm algorithm : all_algorithms) {
        if (name(algorithm) == text) return algorithm;
    }
    return std::nullopt;
}

}  // namespace ringside::gateway
