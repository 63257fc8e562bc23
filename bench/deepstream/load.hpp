#pragma once

#include <ctime>

#include <vector>

#include "bench/deepstream/servers.hpp"
#include "bench/support/table.hpp"
#include "bench/support/usage.hpp"
#include "bench/support/workload.hpp"

namespace ringside::bench {

/// A load, with the processor time of each process.
struct Load {
    double operations = 0;
    double ns = 0;
    double generator_ns = 0;  ///< processor time
    double server_ns = 0;
    double broker_ns = 0;

    [[nodiscard]] double ns_each() const { return ns / operations; }
};

/// Measures from its construction until `stop`.
class Meter {
public:
    explicit Meter(Server server) : server_(std::move(server)), begin_(now()) {}
    [[nodiscard]] double ns() const { return ns_since(start_); }
    [[nodiscard]] Load stop(double operations) const {
        const Load end = now();
        return {operations, ns_since(start_), end.generator_ns - begin_.generator_ns,
                end.server_ns - begin_.server_ns, end.broker_ns - begin_.broker_ns};
    }

private:
    [[nodiscard]] Load now() const {
        timespec mine{};
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mine);
        Load load;
        load.generator_ns =
            static_cast<double>(mine.tv_sec) * 1e9 + static_cast<double>(mine.tv_nsec);
        load.server_ns = cpu_ns_of(server_.process);
        if (server_.broker) load.broker_ns = cpu_ns_of(*server_.broker);
        return load;
    }

    Server server_;
    Clock::time_point start_ = Clock::now();
    Load begin_;
};

/// The loads of a benchmark as a table. Shows that the load generator is not the bottleneck.
class BusyTable {
public:
    /// Adds the median round by time.
    void add(const std::string& load, const Server& server, std::vector<Load> rounds);
    [[nodiscard]] const std::string& text() const { return table_.text(); }

private:
    Table table_{{"load", "server", "a second", "load generator", "server", "broker",
                  "processor time of server and broker, each"}};
};

}  // namespace ringside::bench
