#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "bench/support/process.hpp"
#include "bench/support/report.hpp"
#include "ringside/client.hpp"

namespace ringside::bench {

struct GatewayScale {
    int rounds = 5;
    int seconds = 2;  ///< of each load
    int changes = 2'000;
    int connections = 10'000;
    int broadcasts = 20;
};

/// A gateway of a grid, on one core where one is given; killed at the end.
class GatewayProcess {
public:
    /// `more` are further words of its command line.
    GatewayProcess(const Broker& broker, std::optional<int> core,
                   const std::vector<std::string>& more = {});
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] pid_t pid() const noexcept { return child_->pid(); }
    /// So far, of all its threads.
    [[nodiscard]] double cpu_ns() const;
    [[nodiscard]] std::uint64_t resident_bytes() const;

private:
    std::uint16_t port_;
    std::optional<Child> child_;
};

/// A port that nobody listens on just now.
[[nodiscard]] std::uint16_t free_port();
/// Waits until somebody listens.
void await_listener(std::uint16_t port);
/// A connection to it; throws.
[[nodiscard]] int connect_to(std::uint16_t port);

/// Lets this process, and those that it starts from now on, open as many files; throws.
void allow_descriptors(std::size_t count);

/// A connection that watches a pattern as an event stream, which has begun; throws.
[[nodiscard]] int open_stream(std::uint16_t port, const std::string& pattern);

void measure_load(Report& report, const GatewayScale& scale);
void measure_latency(Report& report, const GatewayScale& scale);
void measure_streams(Report& report, const GatewayScale& scale);

}  // namespace ringside::bench
