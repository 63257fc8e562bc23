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

/// Ringside first.
using Peers = std::vector<std::unique_ptr<Peer>>;

/// How long ours may take, by the name of the peer: so many times as long as it.
using Targets = std::map<std::string_view, double>;

/// What the peers are measured into: a table with a column for each, one of percentiles, and one of
/// the ratios that have a target.
class Comparison {
public:
    explicit Comparison(const Peers& peers);

    /// One number of each peer in each slice, the peers in turns; negative where a peer cannot.
    /// What counts is the median of the slices, and the median of the slices' ratios.
    void in_turns(const std::string& workload, const Peers& peers, int slices, const char* unit,
                  const Targets& targets, const std::function<double(Peer&)>& measure);

    void latencies(const std::string& workload, std::string_view who, const Latencies& latencies);

    /// By slices: reads without and beside a writer, and how fast it was.
    struct BesideAWriter {
        std::vector<double> without_ns;
        std::vector<double> beside_ns;
        std::vector<double> writes_per_second;
        Latencies latencies;      ///< of reads beside it
        bool is_starved = false;  ///< the writer had to rest for the reads to end: they take longer
    };
    /// Ringside's has targets.
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
