#include <fmt/format.h>

#include <stdexcept>

#include "bench/peers/background_writer.hpp"
#include "bench/peers/workloads.hpp"
#include "bench/support/progress.hpp"
#include "bench/support/ticks.hpp"
#include "bench/support/zipf.hpp"

namespace ringside::bench {

namespace {

constexpr double latencies_ns = 4 * slice_ns;

/// A reader that exceeds its slice by this factor starves; the writer then rests so that the reader
/// can finish.
constexpr double longest_wait = 8;

/// Times each read, including the time to read the processor's counter.
Latencies latencies_of_reads(Peer& peer, Names names, double tick_ns) {
    Latencies latencies;
    std::int64_t sum = 0;
    const auto begin = Clock::now();
    for (std::size_t i = 0; i < names.size() && ns_since(begin) < latencies_ns; ++i) {
        const std::uint64_t start = ticks();
        sum += peer.read(names.subspan(i, 1));
        latencies.add(static_cast<double>(ticks() - start) * tick_ns);
    }
    check_sum(sum);
    return latencies;
}

void measure_one_by_one(Comparison& comparison, const Workload& workload, const std::string& what,
                        const PickedNames& names, const Targets& targets) {
    comparison.in_turns(workload.described(what), workload.peers, workload.scale.slices, "ns",
                        targets, [&](Peer& peer) { return ns_per_read(peer, names.all()); });
}

/// Reads with a dedicated writer, in alternation with and without its writes.
void measure_beside_a_writer(Comparison& comparison, const Workload& workload, Peer& peer,
                             const PickedNames& names) {
    const std::string what = workload.described("read beside a writer at full speed");
    progress(fmt::format("{}: {}", what, peer.name()));
    const BackgroundWriter writer(peer, workload.records);
    const Names picked = names.all();
    const double tick_ns = ns_per_tick();
    Comparison::BesideAWriter measured;
    static_cast<void>(
        ns_per_read(peer, picked));  // the last measurement has filled the caches with other data
    for (int slice = 0; slice < workload.scale.slices; ++slice) {
        measured.without_ns.push_back(ns_per_read(peer, picked));
        writer.write(longest_wait * slice_ns);
        const std::uint64_t written = writer.written();
        const auto start = Clock::now();
        measured.beside_ns.push_back(ns_per_read(peer, picked));
        measured.writes_per_second.push_back(static_cast<double>(writer.written() - written) * 1e9 /
                                             ns_since(start));
        measured.is_starved |= !writer.is_writing();
        writer.rest();
    }
    writer.write(longest_wait * latencies_ns);
    measured.latencies = latencies_of_reads(peer, picked, tick_ns);
    measured.is_starved |= !writer.is_writing();
    writer.rest();
    comparison.latencies(workload.described("read"), peer.name(),
                         latencies_of_reads(peer, picked, tick_ns));
    comparison.beside_a_writer(what, peer, measured);
}

}  // namespace

std::string Workload::described(const std::string& what) const {
    return fmt::format("{}, {} records", what, records);
}

void check_agreement(const Workload& workload) {
    const PickedNames names(random_indices(workload.records, 1000, 8));
    const std::int64_t expected = workload.peers[0]->read(names.all());
    const std::int64_t expected_of_scan = workload.peers[0]->scan();
    for (const auto& peer : workload.peers) {
        if (peer->read(names.all()) != expected || peer->read_many(names.all()) != expected ||
            peer->scan() != expected_of_scan)
            throw std::runtime_error(std::string(peer->name()) + " holds another value");
    }
}

void measure_reads(Comparison& comparison, const Workload& workload) {
    const std::size_t samples = workload.scale.samples;
    const PickedNames uniform(random_indices(workload.records, samples, 1));
    const PickedNames zipf(zipf_indices(workload.records, samples, 2));
    measure_one_by_one(comparison, workload, "read one field", uniform,
                       workload.targets({{"LMDB", 0.35}, {"map in the process", 1.0}}));
    measure_one_by_one(comparison, workload, "read one field, zipf 0.99", zipf, {});
    comparison.in_turns(workload.described("get_many of 100, a name"), workload.peers,
                        workload.scale.slices, "ns",
                        workload.targets({{"map in the process", 0.5}}), [&](Peer& peer) {
                            const auto start = Clock::now();
                            check_sum(peer.read_many(uniform.all()));
                            return ns_since(start) / static_cast<double>(uniform.all().size());
                        });
}

void measure_reads_beside_a_writer(Comparison& comparison, const Workload& workload) {
    const PickedNames names(random_indices(workload.records, workload.scale.samples, 3));
    for (const auto& peer : workload.peers) {
        if (peer->is_shared()) measure_beside_a_writer(comparison, workload, *peer, names);
    }
}

void measure_scan(Comparison& comparison, const Workload& workload) {
    comparison.in_turns(workload.described("scan, filter and sum of two fields, a record"),
                        workload.peers, workload.scale.slices, "ns",
                        workload.targets({{"LMDB", 0.5}}), [&](Peer& peer) {
                            const auto start = Clock::now();
                            check_sum(peer.scan());
                            return ns_since(start) / static_cast<double>(workload.records);
                        });
}

void measure_memory(Comparison& comparison, const Workload& workload) {
    comparison.in_turns(
        workload.described("memory a record"), workload.peers, 1, "bytes", {},
        [&](Peer& peer) { return peer.bytes_used() / static_cast<double>(workload.records); });
}

}  // namespace ringside::bench
