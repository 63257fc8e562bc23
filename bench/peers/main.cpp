#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "bench/peers/interprocess_map.hpp"
#include "bench/peers/lmdb.hpp"
#include "bench/peers/redis.hpp"
#include "bench/peers/ringside_peer.hpp"
#include "bench/peers/workloads.hpp"
#include "bench/support/document_section.hpp"
#include "bench/support/progress.hpp"
#include "bench/support/scratch.hpp"

namespace ringside::bench {

namespace {

struct Plots {
    Plot reads;
    Plot watchers;
};

Peers make_peers(const RedisServer& redis, std::size_t records) {
    const Scratch& scratch = Scratch::here();
    const std::string mark = std::to_string(records);
    Peers peers;
    peers.push_back(std::make_unique<RingsidePeer>(records));
    peers.push_back(make_map());
    peers.push_back(std::make_unique<InterprocessMap>(scratch.mark() + mark,
                                                      InterprocessMap::Open::create, records));
    peers.push_back(std::make_unique<Lmdb>(scratch.directory("lmdb-" + mark), records));
    peers.push_back(std::make_unique<Redis>(redis.socket()));
    pin_to(0);
    for (const auto& peer : peers) {
        progress(fmt::format("filling {} with {} records", peer->name(), records));
        peer->fill(records);
    }
    return peers;
}

void compare(std::optional<Comparison>& comparison, const Scale& scale, std::size_t records) {
    const RedisServer redis(Scratch::here().directory("redis-" + std::to_string(records)));
    const Peers peers = make_peers(redis, records);
    if (!comparison) comparison.emplace(peers);
    const Workload workload{scale, peers, records};
    check_agreement(workload);
    measure_memory(*comparison, workload);
    measure_reads(*comparison, workload);
    measure_scan(*comparison, workload);
    measure_reads_beside_a_writer(*comparison, workload);
    measure_writes(*comparison, workload);
}

std::string measure(const Scale& scale, Plots& plots) {
    std::optional<Comparison> comparison;
    compare(comparison, scale, 10'000);
    compare(comparison, scale, scale.records);
    const std::string scaling = measure_scaling(comparison->targets(), plots.reads, scale);
    const std::string watches = measure_watches(plots.watchers, scale);
    return machine() + "\n\n" + comparison->text() + "\n" + scaling + "\n" + watches;
}

}  // namespace
}  // namespace ringside::bench

int main(int argc, char** argv) try {
    CLI::App app("Measure Ringside and its peers for docs/benchmarks.md", "peers");
    ringside::bench::Scale scale;
    std::string document;
    std::string plots_directory;
    bool quick = false;
    app.add_option("--records", scale.records, "Number of records of the large stores")
        ->check(CLI::Range(20'000, 4'000'000));
    app.add_flag("--scaling", scale.has_ten_million,
                 "Also read 10,000,000 records (takes minutes and 12 GiB of memory)");
    app.add_option("--write", document, "Write the tables to section `peers` of this Markdown file")
        ->check(CLI::ExistingFile);
    app.add_option("--plots", plots_directory, "Write the plots to this directory");
    app.add_flag("--quick", quick, "Run once with small counts, without valid figures");
    CLI11_PARSE(app, argc, argv);
    if (quick) scale = {20'000, 6'000, 2, false};
    ringside::bench::Plots plots;
    const std::string text = ringside::bench::measure(scale, plots);
    fmt::print("{}", text);
    if (!document.empty()) ringside::bench::replace_section(document, "peers", text);
    if (!plots_directory.empty()) {
        plots.reads.write(plots_directory + "/reads.svg");
        plots.watchers.write(plots_directory + "/watchers.svg");
    }
    return 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "peers: {}\n", error.what());
    return 1;
}
