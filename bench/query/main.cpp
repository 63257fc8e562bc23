#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "bench/query/query.hpp"
#include "bench/support/document_section.hpp"

namespace ringside::bench {

namespace {

Client attach(const Broker& broker) {
    return Client::attach({.grid = broker.grid(), .timeout = std::chrono::seconds(60)}).value();
}

void measure(Report& report, const QueryScale& scale, bool is_typed_only) {
    const Seats few(scale.small_events);
    const Seats many(scale.events);
    // The broker does not spin, because it shares a core with the writer.
    const Broker small("256MiB", {"--spin-us", "0"});
    const Broker large("2GiB", {"--spin-us", "0"});
    Client of_few = attach(small);
    Client of_many = attach(large);
    few.put_all(of_few);
    many.put_all(of_many);
    measure_typed(report, of_many, many, scale);
    if (is_typed_only) return;
#ifdef RINGSIDE_HAS_SQL
    measure_sql(report, of_many, many, scale);
#endif
    measure_live(report, of_few, few, of_many, many, scale);
    measure_writers(report, of_many, many, scale);
    measure_indexes(report, of_many, many, scale);
}

}  // namespace

}  // namespace ringside::bench

int main(int argc, char** argv) try {
    CLI::App app("Measure queries for docs/benchmarks.md", "query");
    ringside::bench::QueryScale scale;
    std::string document;
    bool quick = false;
    app.add_option("--write", document, "Write the table to section `query` of this Markdown file")
        ->check(CLI::ExistingFile);
    app.add_option("--events", scale.events, "Number of events, with 1,000 seats each")
        ->check(CLI::Range(10, 4'000));
    bool is_typed_only = false;
    app.add_flag("--typed", is_typed_only, "Run only scans and groups, for a profiler");
    app.add_flag("--quick", quick, "Run once with small counts, without valid figures");
    CLI11_PARSE(app, argc, argv);
    if (quick) scale = {20, 5, 1'000, 2e7, 2};
    ringside::bench::Report report;
    ringside::bench::measure(report, scale, is_typed_only);
    const std::string text = ringside::bench::machine() + "\n\n" + report.text();
    fmt::print("{}", text);
    if (!document.empty()) ringside::bench::replace_section(document, "query", text);
    return 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "query: {}\n", error.what());
    return 1;
}
