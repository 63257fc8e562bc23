#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "bench/figures/figures.hpp"
#include "bench/support/document_section.hpp"
#include "shm/wait/spin.hpp"

namespace ringside::bench {

double cache_line_round_trip_ns() {
    constexpr std::uint64_t rounds = 20'000;
    const SharedFlag there;
    const SharedFlag back;
    const Child other([&] {
        pin_to(1);
        for (std::uint64_t i = 1; i <= rounds; ++i) {
            while ((*there).load(std::memory_order_acquire) != i) shm::cpu_pause();
            (*back).store(i, std::memory_order_release);
        }
    });
    pin_to(0);
    std::vector<double> slices;
    for (std::uint64_t i = 1; i <= rounds;) {
        const auto start = Clock::now();
        const std::uint64_t begin = i;
        for (const std::uint64_t end = i + rounds / 20; i < end; ++i) {
            (*there).store(i, std::memory_order_release);
            while ((*back).load(std::memory_order_acquire) != i) shm::cpu_pause();
        }
        slices.push_back(ns_since(start) / static_cast<double>(i - begin));
    }
    return median(slices);
}

namespace {

/// Measures idle sessions, costly clients, hostile clients and a full /dev/shm.
void run_edges(Report& report, const Scale& scale) {
    measure_idle_sessions(report, scale);
    measure_costly_clients(report, scale);
    measure_hostile_clients(report, scale);
    measure_full_memory(report, scale);
}

void run(Report& report, const Scale& scale) {
    {
        const Broker small("256MiB");
        Client client = Client::attach({.grid = small.grid()}).value();
        fill(client, 10'000);
        measure_reads(report, small.grid(), 10'000, scale);
        measure_acknowledged(report, small.grid(), scale);
        measure_pipelined(report, small.grid(), 10'000, scale);
        measure_put_to_watch(report, small.grid(), scale);
        measure_watchers(report, small, scale);
    }
    run_edges(report, scale);
    measure_watch(report, scale);
    measure_patches(report, scale);
    const Broker large("2GiB");
    Client client =
        Client::attach({.grid = large.grid(), .timeout = std::chrono::seconds(60)}).value();
    fill(client, scale.records);
    measure_memory(report, large.grid(), scale.records);
    measure_scan(report, client, scale, "records in the order of their names");
    measure_get_many(report, client, scale.records, scale);
    measure_reads(report, large.grid(), scale.records, scale);
    measure_pipelined(report, large.grid(), scale.records, scale);
    measure_scan(report, client, scale, "records written again at random");
}

}  // namespace
}  // namespace ringside::bench

int main(int argc, char** argv) {
    CLI::App app("Measure the figures of docs/benchmarks.md", "figures");
    ringside::bench::Scale scale;
    bool quick = false;
    app.add_option("--records", scale.records, "Number of records of the large grid")
        ->check(CLI::Range(10'000, 4'000'000));
    bool durability_only = false;
    app.add_flag("--durability", durability_only, "Measure only store and restart");
    bool edges_only = false;
    app.add_flag("--edges", edges_only, "Only the figures of idle, costly and hostile clients");
    std::string document;
    app.add_option("--write", document,
                   "Write the table to section `figures` of this Markdown file")
        ->check(CLI::ExistingFile);
    app.add_flag("--quick", quick, "Run once with small counts, without valid figures");
    CLI11_PARSE(app, argc, argv);
    if (quick) scale = {20'000, 6'000, 3};
    ringside::bench::Report report;
    if (edges_only) ringside::bench::run_edges(report, scale);
    else if (!durability_only) ringside::bench::run(report, scale);
    if (!edges_only) ringside::bench::measure_durability(report, scale);
    const std::string text = ringside::bench::machine() + "\n\n" + report.text();
    fmt::print("{}", text);
    if (!document.empty()) ringside::bench::replace_section(document, "figures", text);
    return 0;
}
