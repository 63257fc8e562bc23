#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "bench/gateway/gateway.hpp"
#include "bench/support/document_section.hpp"

int main(int argc, char** argv) try {
    CLI::App app("Measure the gateway for docs/benchmarks.md", "gateway");
    ringside::bench::GatewayScale scale;
    ringside::bench::AttackScale attack_scale;
    std::string document;
    bool quick = false;
    bool is_attacks_only = false;
    app.add_option("--write", document,
                   "Write the table to section `gateway` of this Markdown file")
        ->check(CLI::ExistingFile);
    app.add_flag("--attacks", is_attacks_only,
                 "Measure only what others notice of a user who overloads the gateway");
    app.add_flag("--quick", quick, "Run once with small counts, without valid figures");
    CLI11_PARSE(app, argc, argv);
    if (quick) {
        scale = {1, 1, 20, 100, 3};
        attack_scale = {.rounds = 1,
                        .slice_ms = 100,
                        .trailer_bytes = 2'000'000,
                        .queries = 2,
                        .messages = 2,
                        .bodies = 50,
                        .many_queries = 4,
                        .lists = 3};
    }
    const auto publish = [&](const ringside::bench::Report& report, const std::string& section) {
        const std::string text = ringside::bench::machine() + "\n\n" + report.text();
        fmt::print("{}", text);
        if (!document.empty()) ringside::bench::replace_section(document, section, text);
    };
    if (!is_attacks_only) {
        ringside::bench::Report report;
        ringside::bench::measure_load(report, scale);
        ringside::bench::measure_latency(report, scale);
        ringside::bench::measure_streams(report, scale);
        publish(report, "gateway");
    }
    ringside::bench::Report report;
    ringside::bench::measure_attacks(report, attack_scale);
    publish(report, "attacks");
    return 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "gateway: {}\n", error.what());
    return 1;
}
