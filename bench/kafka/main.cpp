#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "bench/kafka/kafka.hpp"
#include "bench/support/document_section.hpp"

int main(int argc, char** argv) try {
    CLI::App app("Measure Kafka sources and sinks for docs/benchmarks.md", "kafka");
    ringside::bench::KafkaScale scale;
    std::string document;
    std::vector<std::string> parts = {"source", "latency", "sink"};
    bool quick = false;
    app.add_option("--write", document, "Write the table to section `kafka` of this Markdown file")
        ->check(CLI::ExistingFile);
    app.add_option("--only", parts, "Measure only these parts")
        ->delimiter(',')
        ->check(CLI::IsMember(parts));
    app.add_option("--rounds", scale.rounds, "Number of rounds")->check(CLI::Range(1, 100));
    app.add_flag("--quick", quick, "Run once with small counts, without valid figures");
    CLI11_PARSE(app, argc, argv);
    if (quick) scale = {1, 20'000, 1'000, 20};
    ringside::bench::Report report;
    const auto is_wanted = [&](const char* part) {
        return std::find(parts.begin(), parts.end(), part) != parts.end();
    };
    if (is_wanted("source")) ringside::bench::measure_source(report, scale);
    if (is_wanted("latency")) ringside::bench::measure_source_latency(report, scale);
    if (is_wanted("sink")) ringside::bench::measure_sink(report, scale);
    const std::string text = ringside::bench::machine() + "\n\n" + report.text();
    fmt::print("{}", text);
    if (!document.empty()) ringside::bench::replace_section(document, "kafka", text);
    return 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "kafka: {}\n", error.what());
    return 1;
}
