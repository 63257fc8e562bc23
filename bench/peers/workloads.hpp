#pragma once

#include "bench/peers/comparison.hpp"
#include "bench/support/plot.hpp"

/// The workloads that measure the peers, and where their results go.
namespace ringside::bench {

struct Workload {
    const Scale& scale;
    const Peers& peers;
    std::size_t records;

    /// Returns the targets, which exist only for a million records and more.
    [[nodiscard]] Targets targets(Targets wanted) const {
        return records >= 1'000'000 ? std::move(wanted) : Targets();
    }
    [[nodiscard]] std::string described(const std::string& what) const;
};

/// Throws if the peers do not hold the same records.
void check_agreement(const Workload& workload);

void measure_reads(Comparison& comparison, const Workload& workload);
void measure_reads_beside_a_writer(Comparison& comparison, const Workload& workload);
void measure_scan(Comparison& comparison, const Workload& workload);
void measure_memory(Comparison& comparison, const Workload& workload);
void measure_writes(Comparison& comparison, const Workload& workload);

/// Measures how the cost of a read grows with the number of records. Each number has new stores.
std::string measure_scaling(Report& targets, Plot& plot, const Scale& scale);

/// Measures the latency from a write to its watchers: Ringside, Redis and NATS.
std::string measure_watches(Plot& plot, const Scale& scale);

}  // namespace ringside::bench
