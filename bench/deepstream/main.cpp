#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "bench/deepstream/deepstream.hpp"
#include "bench/support/document_section.hpp"
#include "bench/support/progress.hpp"

namespace ringside::bench {

namespace {

/// Exit status of a test that could not run.
constexpr int skipped = 77;

constexpr DeepstreamScale quick_scale = {.rounds = 1,
                                         .slice_ns = 5e7,
                                         .warm_up_ns = 5e7,
                                         .calls = 20,
                                         .client_operations = 20,
                                         .connections = 20,
                                         .flood_bytes = 1'000'000};

std::string measure(const DeepstreamScale& scale, const std::vector<std::string>& only) {
    const auto is_wanted = [&only](const std::string& part) {
        return only.empty() || std::ranges::find(only, part) != only.end();
    };
    Report report;
    BusyTable busy;
    {
        const RingsideServer ringside;
        const UpstreamServer upstream;
        const Comparison comparison{ringside.server(), upstream.server(), report, busy, scale};
        const auto part = [&](const std::string& name, void (*run)(const Comparison&)) {
            if (!is_wanted(name)) return;
            progress(name);
            run(comparison);
        };
        part("client", measure_client);
        part("upserts", measure_upserts);
        part("fan-out", measure_fan_out);
        part("calls", measure_calls);
    }
    if (is_wanted("memory")) {
        progress("memory");
        measure_memory(report, scale);
    }
    return machine() + "\n\n" + report.text() + "\nWho was busy, of a core:\n\n" + busy.text();
}

}  // namespace

}  // namespace ringside::bench

int main(int argc, char** argv) try {
    using namespace ringside::bench;
    CLI::App app("Measure the deepstream protocol for docs/benchmarks.md", "deepstream");
    std::string document;
    std::vector<std::string> only;
    DeepstreamScale scale;
    bool quick = false;
    app.add_option("--write", document,
                   "Write the tables to section `deepstream` of this Markdown file")
        ->check(CLI::ExistingFile);
    app.add_option("--only", only, "Run only these parts")
        ->delimiter(',')
        ->check(CLI::IsMember({"client", "upserts", "fan-out", "calls", "memory"}));
    app.add_option("--rounds", scale.rounds, "Number of rounds for each server")
        ->check(CLI::Range(1, 1000));
    app.add_flag("--quick", quick, "Run once with small counts, without valid figures");
    CLI11_PARSE(app, argc, argv);
    if (!are_peers_installed()) {
        fmt::print(stderr,
                   "deepstream: its client and server are not installed: run tools/peers\n");
        return skipped;
    }
    if (quick) scale = quick_scale;
    const std::string text = measure(scale, only);
    fmt::print("{}", text);
    if (!document.empty()) replace_section(document, "deepstream", text);
    return 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "deepstream: {}\n", error.what());
    return 1;
}
