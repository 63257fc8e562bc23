#pragma once

#include <cstddef>
#include <cstdint>

#include "shm/base/limits.hpp"

/// Limits of logins.
namespace ringside::gateway::deepstream::login_limits {

// A login beyond one of these limits is refused, and the log has the reason.
inline constexpr std::size_t auth_data_bytes_max = 64ULL << 10;
inline constexpr std::size_t id_bytes_max = limits::user_bytes_max - 1;
inline constexpr std::size_t rechecks_max = 32;  ///< logins of open sessions, decided at a time
inline constexpr std::size_t hashes_waiting_max = 256;       ///< passwords that wait to be hashed
inline constexpr std::size_t webhooks_max = 256;             ///< under way, per method
inline constexpr std::size_t answer_bytes_max = 1ULL << 20;  ///< body of a webhook's response
inline constexpr std::uint32_t answer_header_bytes_max = 16U << 10;

/// Message size before the login: the largest login and its frame. A WebSocket that sends more is
/// closed with 1009.
inline constexpr std::size_t stranger_message_bytes_max = auth_data_bytes_max + (4U << 10);

// Configuration. Errc::bad_configuration.
inline constexpr std::size_t methods_max = 16;
inline constexpr std::size_t users_file_bytes_max = 4ULL << 20;
inline constexpr std::size_t status_codes_max = 64;
inline constexpr std::size_t promoted_headers_max = 32;
inline constexpr std::int64_t iterations_max = 10'000'000;
inline constexpr std::int64_t key_length_max = 1024;
inline constexpr std::int64_t request_timeout_ms_max = 60'000;
inline constexpr std::int64_t retry_attempts_max = 100;
inline constexpr std::int64_t retry_interval_ms_max = 60'000;
inline constexpr std::int64_t recheck_interval_ms_min = 1000;
inline constexpr std::int64_t recheck_interval_ms_max = 86'400'000;

}  // namespace ringside::gateway::deepstream::login_limits
