#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "bench/peers/lmdb.hpp"
#include "bench/peers/picked_names.hpp"
#include "bench/peers/ringside_peer.hpp"
#include "bench/peers/workloads.hpp"
#include "bench/support/cache_misses.hpp"
#include "bench/support/progress.hpp"
#include "bench/support/scratch.hpp"
#include "bench/support/zipf.hpp"

namespace ringside::bench {

namespace {

/// Results of one peer with one number of records.
struct Cost {
    std::vector<double> uniform_ns;
    std::vector<double> zipf_ns;
    std::optional<double> misses;  ///< last-level cache misses per uniform read
};

std::optional<double> misses_per_read(Peer& peer, Names names) {
    const CacheMisses misses;
    const auto before = misses.count();
    check_sum(peer.read(names));
    const auto after = misses.count();
    if (!before || !after) return std::nullopt;
    return static_cast<double>(*after - *before) / static_cast<double>(names.size());
}

std::vector<Cost> costs_of(const Peers& peers, std::size_t records, const Scale& scale) {
    const PickedNames uniform(random_indices(records, scale.samples, 1));
    const PickedNames zipf(zipf_indices(records, scale.samples, 2));
    std::vector<Cost> costs(peers.size());
    for (int slice = 0; slice < scale.slices; ++slice) {
        for (std::size_t i = 0; i < peers.size(); ++i) {
            costs[i].uniform_ns.push_back(ns_per_read(*peers[i], uniform.all()));
            costs[i].zipf_ns.push_back(ns_per_read(*peers[i], zipf.all()));
        }
    }
    for (std::size_t i = 0; i < peers.size(); ++i)
        costs[i].misses = misses_per_read(*peers[i], uniform.all());
    return costs;
}

std::vector<std::size_t> sizes_of(const Scale& scale) {
    std::vector<std::size_t> sizes;
    for (std::size_t records = 10'000; records <= std::min<std::size_t>(scale.records, 1'000'000);
         records *= 10)
        sizes.push_back(records);
    if (scale.has_ten_million) sizes.push_back(10'000'000);
    return sizes;
}

std::vector<double> growth(const std::vector<double>& small, const std::vector<double>& large) {
    std::vector<double> factors;
    for (std::size_t i = 0; i < small.size(); ++i) factors.push_back(large[i] / small[i]);
    return factors;
}

std::string cell_of(const std::vector<Cost>& costs, std::size_t peer, bool is_zipf) {
    const Cost& cost = costs[peer];
    return fmt::format("{} ns", static_cast<int>(median(is_zipf ? cost.zipf_ns : cost.uniform_ns)));
}

std::string misses_in(const std::vector<Cost>& costs) {
    if (!costs[0].misses) return "no counter";
    return fmt::format("{:.1f} / {:.1f} / {:.1f}", *costs[0].misses, *costs[1].misses,
                       *costs[2].misses);
}

}  // namespace

std::string measure_scaling(Report& targets, Plot& plot, const Scale& scale) {
    Table table({"records", "Ringside", "map in the process", "LMDB", "Ringside, zipf", "map, zipf",
                 "LMDB, zipf", "cache misses a read: Ringside / map / LMDB"});
    plot = {.title = "Reading one field of a record at random",
            .x_label = "records",
            .y_label = "ns a read",
            .lines = {{"Ringside", {}, 0}, {"map in the process", {}, 1}, {"LMDB", {}, 2}}};
    std::vector<std::vector<Cost>> all;
    const std::vector<std::size_t> sizes = sizes_of(scale);
    for (const std::size_t records : sizes) {
        const std::string place = Scratch::here().directory(fmt::format("scaling-{}", records));
        Peers peers;
        peers.push_back(std::make_unique<RingsidePeer>(records));
        peers.push_back(make_map());
        peers.push_back(std::make_unique<Lmdb>(place, records));
        for (const auto& peer : peers) {
            progress(fmt::format("scaling: filling {} with {} records", peer->name(), records));
            peer->fill(records);
        }
        progress(fmt::format("scaling: reads of {} records", records));
        const auto costs = costs_of(peers, records, scale);
        table.add({std::to_string(records), cell_of(costs, 0, false), cell_of(costs, 1, false),
                   cell_of(costs, 2, false), cell_of(costs, 0, true), cell_of(costs, 1, true),
                   cell_of(costs, 2, true), misses_in(costs)});
        for (std::size_t i = 0; i < peers.size(); ++i)
            plot.lines[i].points.emplace_back(records, median(costs[i].uniform_ns));
        all.push_back(costs);
        std::filesystem::remove_all(place);
    }
    // The map is the baseline: its lookup is a hash and the unavoidable cache misses.
    if (scale.has_ten_million && all.size() > 2)
        targets.ratio("growth of a read from 100000 to 10000000 records",
                      growth(all[1][0].uniform_ns, all.back()[0].uniform_ns), "times",
                      growth(all[1][1].uniform_ns, all.back()[1].uniform_ns), "map's growth", 1.1);
    return "Reading one field, by the number of records:\n\n" + table.text();
}

}  // namespace ringside::bench
