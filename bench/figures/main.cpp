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
    measure_idle_sessions(report, scale);
    measure_costly_clients(report, scale);
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
    CLI::App app("Measures the figures of docs/benchmarks.md", "figures");
    ringside::bench::Scale scale;
    bool quick = false;
    app.add_option("--records", scale.records, "Records of the large grid")
        ->check(CLI::Range(10'000, 4'000'000));
    bool durability_only = false;
    app.add_flag("--durability", durability_only, "Only the figures of store and restart");
    std::string document;
    app.add_option("--write", document, "Markdown file whose section `figures` gets the table")
        ->check(CLI::ExistingFile);
    app.add_flag("--quick", quick, "Small counts: shows that it works, measures nothing");
    CLI11_PARSE(app, argc, argv);
    if (quick) scale = {20'000, 6'000, 3};
    ringside::bench::Report report;
    if (!durability_only) ringside::bench::run(report, scale);
    ringside::bench::measure_durability(report, scale);
    const std::string text = ringside::bench::machine() + "\n\n" + report.text();
    fmt::print("{}", text);
    if (!document.empty()) ringside::bench::replace_section(document, "figures", text);
    return 0;
}
