#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "bench/gateway/gateway.hpp"
#include "bench/support/document_section.hpp"

int main(int argc, char** argv) try {
    CLI::App app("Measures the gateway, for docs/benchmarks.md", "gateway");
    ringside::bench::GatewayScale scale;
    std::string document;
    bool quick = false;
    app.add_option("--write", document, "Markdown file whose section `gateway` gets the table")
        ->check(CLI::ExistingFile);
    app.add_flag("--quick", quick, "Small counts: shows that it works, measures nothing");
    CLI11_PARSE(app, argc, argv);
    if (quick) scale = {1, 1, 20, 100, 3};
    ringside::bench::Report report;
    ringside::bench::measure_load(report, scale);
    ringside::bench::measure_latency(report, scale);
    ringside::bench::measure_streams(report, scale);
    const std::string text = ringside::bench::machine() + "\n\n" + report.text();
    fmt::print("{}", text);
    if (!document.empty()) ringside::bench::replace_section(document, "gateway", text);
    return 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "gateway: {}\n", error.what());
    return 1;
}
