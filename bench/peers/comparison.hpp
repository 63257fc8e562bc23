#pragma once

#include <functional>
#include <map>
#include <string>

#include "bench/peers/peer.hpp"
#include "bench/support/latencies.hpp"
#include "bench/support/report.hpp"
#include "bench/support/table.hpp"

namespace ringside::bench {

struct Scale {
    std::size_t records = 1'000'000;
    std::size_t samples = 300'000;
    int slices = 5;
    bool has_ten_million = false;
};

/// Ringside is the first peer.
using Peers = std::vector<std::unique_ptr<Peer>>;

/// Maximum ratio of Ringside's time to that of the named peer.
using Targets = std::map<std::string_view, double>;

/// The results of all peers as three tables: workloads with a column for each peer, percentiles,
/// and the ratios that have a target.
class Comparison {
public:
    explicit Comparison(const Peers& peers);

    /// Measures one number per peer and slice, with the peers in rotation; negative if a peer
    /// cannot. Reports the median of the slices, and the median of the slices' ratios.
    void in_turns(const std::string& workload, const Peers& peers, int slices, const char* unit,
                  const Targets& targets, const std::function<double(Peer&)>& measure);

    void latencies(const std::string& workload, std::string_view who, const Latencies& latencies);

    /// By slices: reads without and with a concurrent writer, and the writer's speed.
    struct BesideAWriter {
        std::vector<double> without_ns;
        std::vector<double> beside_ns;
        std::vector<double> writes_per_second;
        Latencies latencies;      ///< of reads with the writer
        bool is_starved = false;  ///< reads finished only after the writer rested: they take longer
    };
    /// Only Ringside has targets.
    void beside_a_writer(const std::string& workload, const Peer& peer,
                         const BesideAWriter& measured);

    [[nodiscard]] Report& targets() { return targets_; }
    [[nodiscard]] std::string text() const;

private:
    Table workloads_;
    Table percentiles_;
    Table beside_;
    Report targets_;
};

}  // namespace ringside::bench
