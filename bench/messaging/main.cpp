#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "bench/messaging/messaging.hpp"
#include "bench/support/document_section.hpp"
#include "bench/support/process.hpp"

int main(int argc, char** argv) try {
    CLI::App app("Measure events and calls for docs/benchmarks.md", "messaging");
    ringside::bench::MessagingScale scale;
    std::string document;
    bool quick = false;
    app.add_option("--write", document,
                   "Write the table to section `messaging` of this Markdown file")
        ->check(CLI::ExistingFile);
    app.add_flag("--quick", quick, "Run once with small counts, without valid figures");
    CLI11_PARSE(app, argc, argv);
    if (quick) scale = {50, 1000, 20'000, 2};
    ringside::bench::Report report;
    measure_calls(report, scale);
    measure_event(report, scale);
    measure_event_rate(report, scale);
    measure_subscribers(report, scale);
    const std::string text = ringside::bench::machine() + "\n\n" + report.text();
    fmt::print("{}", text);
    if (!document.empty()) ringside::bench::replace_section(document, "messaging", text);
    return 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "messaging: {}\n", error.what());
    return 1;
}
