#include "bench/peers/comparison.hpp"

#include <fmt/format.h>

#include "bench/support/progress.hpp"

namespace ringside::bench {

namespace {

std::vector<std::string> header_of(const Peers& peers) {
    std::vector<std::string> header{"workload"};
    for (const auto& peer : peers) header.emplace_back(peer->name());
    return header;
}

std::vector<double> ratios_of(const std::vector<double>& ours, const std::vector<double>& theirs) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(ours[i] / theirs[i]);
    return ratios;
}

std::string with_unit(double value, const std::string& unit) {
    return unit == "ns" ? duration(value) : fmt::format("{:.0f} {}", value, unit);
}

}  // namespace

Comparison::Comparison(const Peers& peers)
    : workloads_(header_of(peers)),
      percentiles_({"latency", "who", "p50", "p99", "p99.9", "longest"}),
      beside_({"workload", "who", "without the writer", "beside it", "ratio", "writes/s"}) {}

void Comparison::in_turns(const std::string& workload, const Peers& peers, int slices,
                          const char* unit, const Targets& targets,
                          const std::function<double(Peer&)>& measure) {
    progress(workload);
    std::vector<std::vector<double>> measured(peers.size());
    for (int slice = 0; slice < slices; ++slice) {
        for (std::size_t i = 0; i < peers.size(); ++i) measured[i].push_back(measure(*peers[i]));
    }
    std::vector<std::string> cells{workload, with_unit(median(measured[0]), unit)};
    for (std::size_t i = 1; i < peers.size(); ++i) {
        if (median(measured[i]) < 0) {
            cells.emplace_back("–");
            continue;
        }
        cells.push_back(fmt::format("{} ({:.2g}x)", with_unit(median(measured[i]), unit),
                                    median(ratios_of(measured[0], measured[i]))));
        if (const auto target = targets.find(peers[i]->name()); target != targets.end())
            targets_.ratio(workload, measured[0], unit, measured[i], std::string(target->first),
                           target->second);
    }
    workloads_.add(cells);
}

void Comparison::latencies(const std::string& workload, std::string_view who,
                           const Latencies& latencies) {
    percentiles_.add({workload, std::string(who), duration(latencies.at(0.5)),
                      duration(latencies.at(0.99)), duration(latencies.at(0.999)),
                      duration(latencies.longest())});
}

void Comparison::beside_a_writer(const std::string& workload, const Peer& peer,
                                 const BesideAWriter& measured) {
    const auto& [without, beside, writes, latencies, is_starved] = measured;
    const std::string at_least = is_starved ? ">= " : "";
    this->latencies(is_starved ? workload + ", starved" : workload, peer.name(), latencies);
    beside_.add({workload, std::string(peer.name()), duration(median(without)),
                 at_least + duration(median(beside)),
                 fmt::format("{}{:.3g}x", at_least, median(ratios_of(beside, without))),
                 fmt::format("{:.0f}", median(writes))});
    if (peer.name() != "Ringside") return;
    targets_.ratio(workload, beside, "ns", without, "without the writer", 1.3);
    targets_.ratio(workload + ", p99.9", {latencies.at(0.999)}, "ns", {latencies.at(0.5)}, "p50",
                   10);
}

std::string Comparison::text() const {
    return "Against the targets:\n\n" + targets_.text() +
           "\nTime an operation (in brackets: Ringside's time divided by the peer's):\n\n" +
           workloads_.text() + "\nReads while another process writes at full speed:\n\n" +
           beside_.text() + "\nLatencies of single operations:\n\n" + percentiles_.text();
}

}  // namespace ringside::bench
