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

struct AttackScale {
    int rounds = 5;
    int slice_ms = 2000;
    std::uint64_t trailer_bytes = 200'000'000;
    int queries = 8;
    int messages = 40;  ///< incomplete, of 10 MiB each
    int bodies = 3000;
    int many_queries = 40;
    int lists = 50;
};

/// A gateway of a grid, pinned to one core if one is given; killed at the end.
class GatewayProcess {
public:
    /// `more`: additional command line words.
    GatewayProcess(const Broker& broker, std::optional<int> core,
                   const std::vector<std::string>& more = {});
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] pid_t pid() const noexcept { return child_->pid(); }
    /// Total of all threads so far.
    [[nodiscard]] double cpu_ns() const;
    [[nodiscard]] std::uint64_t resident_bytes() const;

private:
    std::uint16_t port_;
    std::optional<Child> child_;
};

/// Returns a port that is currently unused.
[[nodiscard]] std::uint16_t free_port();
/// Waits until a server listens on the port.
void await_listener(std::uint16_t port);
/// Connects to the port. Throws on failure.
[[nodiscard]] int connect_to(std::uint16_t port);

/// Raises the limit of open files for this process and its future children. Throws on failure.
void allow_descriptors(std::size_t count);

/// Opens a connection that watches a pattern as an event stream, and waits for its start. Throws on
/// failure.
[[nodiscard]] int open_stream(std::uint16_t port, const std::string& pattern);

void measure_load(Report& report, const GatewayScale& scale);
void measure_latency(Report& report, const GatewayScale& scale);
void measure_streams(Report& report, const GatewayScale& scale);
void measure_attacks(Report& report, const AttackScale& scale);

}  // namespace ringside::bench
