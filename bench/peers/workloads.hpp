#pragma once

#include "bench/peers/comparison.hpp"
#include "bench/support/plot.hpp"

/// What the peers are measured with, and where it goes.
namespace ringside::bench {

struct Workload {
    const Scale& scale;
    const Peers& peers;
    std::size_t records;

    /// The targets are for a million records; below there are none.
    [[nodiscard]] Targets targets(Targets wanted) const {
        return records >= 1'000'000 ? std::move(wanted) : Targets();
    }
    [[nodiscard]] std::string described(const std::string& what) const;
};

/// Throws where the peers do not hold the same.
void check_agreement(const Workload& workload);

void measure_reads(Comparison& comparison, const Workload& workload);
void measure_reads_beside_a_writer(Comparison& comparison, const Workload& workload);
void measure_scan(Comparison& comparison, const Workload& workload);
void measure_memory(Comparison& comparison, const Workload& workload);
void measure_writes(Comparison& comparison, const Workload& workload);

/// How a read grows with the number of records; each number has stores of its own.
std::string measure_scaling(Report& targets, Plot& plot, const Scale& scale);

/// From a write to those who watch: Ringside, Redis and NATS.
std::string measure_watches(Plot& plot, const Scale& scale);

}  // namespace ringside::bench
