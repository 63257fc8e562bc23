#include <fmt/format.h>

#include "bench/peers/picked_names.hpp"
#include "bench/peers/workloads.hpp"
#include "bench/support/progress.hpp"
#include "bench/support/ticks.hpp"

namespace ringside::bench {

namespace {

void measure_latencies(Comparison& comparison, const Workload& workload, Names names,
                       std::span<const Bytes> documents) {
    const double tick_ns = ns_per_tick();
    for (const auto& peer : workload.peers) {
        if (!peer->is_shared()) continue;
        progress(fmt::format("{}: {}", workload.described("latencies of writes"), peer->name()));
        Latencies latencies;
        for (std::size_t i = 0; i < names.size(); ++i) {
            const std::uint64_t start = ticks();
            peer->write(names.subspan(i, 1), documents.subspan(i % documents.size(), 1));
            latencies.add(static_cast<double>(ticks() - start) * tick_ns);
        }
        comparison.latencies(workload.described("acknowledged write"), peer->name(), latencies);
    }
}

}  // namespace

void measure_writes(Comparison& comparison, const Workload& workload) {
    const PickedNames names(random_indices(workload.records, workload.scale.samples, 4));
    const auto documents = some_documents();
    const Names few = names.part(20);
    comparison.in_turns(workload.described("acknowledged write, one at a time"), workload.peers,
                        workload.scale.slices, "ns", workload.targets({{"Redis", 0.05}}),
                        [&](Peer& peer) {
                            if (!peer.is_shared()) return -1.0;
                            const auto start = Clock::now();
                            peer.write(few, documents);
                            return ns_since(start) / static_cast<double>(few.size());
                        });
    comparison.in_turns(workload.described("pipelined write"), workload.peers,
                        workload.scale.slices, "ns",
                        workload.targets({{"LMDB", 0.25}, {"Redis", 0.4}}), [&](Peer& peer) {
                            if (!peer.is_shared()) return -1.0;
                            const auto start = Clock::now();
                            peer.write_pipelined(names.all(), documents);
                            return ns_since(start) / static_cast<double>(names.all().size());
                        });
    measure_latencies(comparison, workload, few, documents);
}

}  // namespace ringside::bench
