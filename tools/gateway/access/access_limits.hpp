#pragma once

#include <cstddef>
#include <cstdint>

/// The limits of the gateway's access control.
namespace ringside::gateway::access_limits {

// Credentials. Requests beyond a limit get Errc::permission_denied.
inline constexpr std::size_t credential_bytes_max = 8192;  ///< in a token or API key
inline constexpr std::size_t cached_tokens_max = 8192;     ///< the least recently used is evicted

// Configuration. Errc::bad_configuration.
inline constexpr std::size_t jwks_bytes_max = 1ULL << 20;
inline constexpr std::size_t jwks_keys_max = 64;  ///< a token without `kid` tries each
inline constexpr int rsa_bits_min = 2048;         ///< RFC 7518, 3.3
inline constexpr int rsa_bits_max = 8192;
inline constexpr std::size_t secret_bytes_min = 32;  ///< RFC 7518, 3.2
inline constexpr std::size_t secret_bytes_max = 4096;
inline constexpr std::int64_t leeway_s_max = 3600;

// Rules.
inline constexpr std::size_t rules_max = 1024;               ///< Errc::bad_configuration
inline constexpr std::size_t rule_patterns_max = 256;        ///< per rule; Errc::bad_configuration
inline constexpr std::size_t cached_permissions_max = 4096;  ///< the least recently used is evicted

// Rates.
inline constexpr std::size_t rate_buckets_max = 65'536;   ///< the least recently used is evicted
inline constexpr double requests_per_second_min = 0.001;  ///< Errc::bad_configuration
inline constexpr double requests_per_second_max = 1e6;    ///< Errc::bad_configuration
inline constexpr std::int64_t burst_max = 1'000'000;      ///< Errc::bad_configuration

// CORS.
inline constexpr std::int64_t cors_max_age_s_max = 86'400;  ///< Errc::bad_configuration

}  // namespace ringside::gateway::access_limits
