#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tools/gateway/load/shares.hpp"
#include "tools/gateway/metrics/duration_histogram.hpp"
#include "tools/metrics/metrics_writer.hpp"

namespace ringside::gateway {

/// Responses by method and class of status.
class RequestCounts {
public:
    /// `method` is the text that was received. Unknown methods count as OTHER, so that clients
    /// cannot create labels. Statuses outside 100 to 599 count as 500.
    void count(std::string_view method, unsigned status) noexcept;
    void write(metrics::MetricsWriter& writer) const;

private:
    static constexpr std::array<std::string_view, 8> methods{"GET",    "HEAD",    "PUT",  "PATCH",
                                                             "DELETE", "OPTIONS", "POST", "OTHER"};
    static constexpr std::array<std::string_view, 5> classes{"1xx", "2xx", "3xx", "4xx", "5xx"};
    std::array<std::array<std::uint64_t, classes.size()>, methods.size()> counts_{};
};

/// The gateway's own figures. Names with `_open`, `watches` and the like are current values; all
/// others only grow. Thread safety: one thread.
struct GatewayFigures {
    std::chrono::system_clock::time_point started = std::chrono::system_clock::now();
    bool is_draining = false;

    // Connections.
    std::uint64_t connections_open = 0;
    std::uint64_t connections_max = 0;  ///< the limit
    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_refused = 0;  ///< the limit was reached
    std::uint64_t connections_late = 0;     ///< missed a deadline
    std::uint64_t websockets_open = 0;
    std::uint64_t websocket_messages = 0;  ///< received
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_sent = 0;

    // Requests, except those of WebSockets.
    RequestCounts requests;
    DurationHistogram request_duration;
    std::uint64_t unauthenticated = 0;  ///< refused with 401
    std::uint64_t denied = 0;           ///< refused with 403
    std::uint64_t rate_limited = 0;     ///< refused with 429

    // Operations for clients, over HTTP and WebSockets.
    std::uint64_t reads = 0;
    std::uint64_t writes = 0;  ///< requested commits
    std::uint64_t publications = 0;
    std::uint64_t queries = 0;
    std::uint64_t calls = 0;
    std::uint64_t providers = 0;

    std::uint64_t logins_slowed = 0;  ///< logins of deepstream's clients

    // Shares of memory and threads.
    struct Work {
        std::string_view kind;
        std::uint64_t running = 0;
        std::uint64_t waiting = 0;
        std::uint64_t refused = 0;
        WorkLimits limits{};
    };
    std::vector<Work> work;  ///< a pool each
    MemoryLimits memory;
    LoginLimits login_limits;
    std::uint64_t bodies_bytes = 0;
    std::uint64_t bodies_bytes_refused = 0;
    std::uint64_t stranger_bodies_bytes = 0;
    std::uint64_t streams_bytes = 0;
    std::uint64_t streams_bytes_refused = 0;
    std::uint64_t requests_waiting_for_grid = 0;

    // Watches.
    std::uint64_t watches = 0;
    std::uint64_t watches_behind = 0;  ///< whose clients do not keep up
    std::uint64_t changes_sent = 0;
    std::uint64_t watches_fell_behind = 0;  ///< number of times that a watch fell behind
    std::uint64_t watches_lagged = 0;       ///< number of `lagged` messages
};

/// Writes all figures; `version` is the release.
void write_gateway_metrics(metrics::MetricsWriter& writer, const GatewayFigures& figures,
                           std::string_view version);

}  // namespace ringside::gateway
