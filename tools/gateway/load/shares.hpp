#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "shm/base/errc.hpp"
#include "shm/base/limits.hpp"
#include "tools/support/toml_file.hpp"
#include "tools/support/toml_forward.hpp"

/// How the gateway's threads, memory and logins are shared between users: the tables [limits.…] of
/// the configuration. All defaults and ranges are here and in shares.cpp; see docs/gateway.md.
namespace ringside::gateway {

/// Limits of one kind of work.
struct WorkLimits {
    std::size_t threads = 1;
    std::size_t threads_per_user = 1;  ///< at a time
    std::size_t waiting_max = 256;
    std::size_t waiting_per_user_max = 64;
};

/// Limits of the pools. One user gets at most half of the threads, so that a slow user does not
/// delay the others.
struct PoolLimits {
    WorkLimits queries{
        .threads = 4, .threads_per_user = 2, .waiting_max = 128, .waiting_per_user_max = 16};
    WorkLimits lists{
        .threads = 2, .threads_per_user = 1, .waiting_max = 512, .waiting_per_user_max = 128};
    WorkLimits transactions{
        .threads = 4, .threads_per_user = 2, .waiting_max = 512, .waiting_per_user_max = 128};
    WorkLimits answers{
        .threads = 4, .threads_per_user = 2, .waiting_max = 4096, .waiting_per_user_max = 1024};
    WorkLimits compressions{
        .threads = 2, .threads_per_user = 1, .waiting_max = 64, .waiting_per_user_max = 16};
};

/// Limits of clients' memory in bytes, in total and for each user or address.
struct MemoryLimits {
    // Request bodies: the requests that are being read or answered.
    std::size_t bodies = 512U << 20;
    std::size_t bodies_per_user = 128U << 20;
    /// Bodies of unauthenticated clients; a part of `bodies`.
    std::size_t stranger_bodies = 64U << 20;
    std::size_t stranger_bodies_per_address = 16U << 20;
    // WebSockets and streams of events: messages that are incomplete or being carried out, and data
    // that waits to be sent. A WebSocket that needs more is closed with 1013, or is not read.
    std::size_t streams = 256U << 20;
    std::size_t streams_per_user = 64U << 20;

    /// The largest message of a WebSocket must fit into a user's share.
    static constexpr std::size_t share_least =
        limits::document_bytes_max + limits::envelope_bytes_max;
};

/// Number of failed logins that are accepted, and how fast they are forgotten.
struct FailureLimit {
    std::size_t burst;
    std::size_t forgotten_per_minute;
};

/// Limits of deepstream clients' logins.
struct LoginLimits {
    FailureLimit of_user_at_address{.burst = 20, .forgotten_per_minute = 60};
    FailureLimit of_user{.burst = 200, .forgotten_per_minute = 300};
    FailureLimit of_address{.burst = 60, .forgotten_per_minute = 300};
    std::chrono::milliseconds pause{1000};  ///< of a login beyond a limit
    // Logins of one address.
    std::size_t deciding_per_address = 4;
    std::size_t waiting_per_address = 1024;
};

struct Shares {
    PoolLimits pools;
    MemoryLimits memory;
    LoginLimits logins;

    /// Reads [limits.queries], [limits.lists], [limits.transactions], [limits.answers],
    /// [limits.compressions], [limits.memory] and [limits.logins].
    /// Error: bad_configuration; the detail names file, line and range.
    [[nodiscard]] static Result<Shares> from(const toml::table& root, const tools::TomlFile& file);
};

}  // namespace ringside::gateway
