#pragma once

#include "bench/deepstream/load.hpp"
#include "bench/deepstream/servers.hpp"
#include "bench/support/report.hpp"

namespace ringside::bench {

struct DeepstreamScale {
    int rounds = 5;
    double slice_ns = 2e9;    ///< of each load
    double warm_up_ns = 1e9;  ///< before each load, because Node compiles hot code
    int calls = 5'000;
    int client_operations = 10'000;  ///< of deepstream's own client
    std::size_t connections = 2'000;
    std::size_t flood_bytes = 40'000'000;
};

/// The servers under comparison, and their results.
struct Comparison {
    Server ringside;
    Server upstream;
    Report& report;
    BusyTable& busy;
    DeepstreamScale scale;

    /// Runs the same load on both servers in alternation: the cost of an operation of
    /// `load(server)`.
    template <class Measure>
    void loads(const std::string& name, double target, Measure load) const {
        std::vector<Load> ours;
        std::vector<Load> theirs;
        for (int i = 0; i < scale.rounds; ++i) {
            ours.push_back(load(ringside));
            theirs.push_back(load(upstream));
        }
        busy.add(name, ringside, ours);
        busy.add(name, upstream, theirs);
        report.ratio(name, us_each(ours), "us", us_each(theirs), "deepstream", target);
    }

    [[nodiscard]] static std::vector<double> us_each(const std::vector<Load>& loads) {
        std::vector<double> times;
        for (const Load& load : loads) times.push_back(load.ns_each() / 1000);
        return times;
    }
};

void measure_client(const Comparison& comparison);
void measure_upserts(const Comparison& comparison);
void measure_fan_out(const Comparison& comparison);
void measure_calls(const Comparison& comparison);

/// Uses newly started servers.
void measure_memory(Report& report, const DeepstreamScale& scale);

}  // namespace ringside::bench
