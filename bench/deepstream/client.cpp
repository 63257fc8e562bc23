#include <fmt/format.h>
#include <simdjson.h>

#include <array>

#include "bench/deepstream/deepstream.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside::bench {

namespace {

struct Medians {
    std::vector<double> write_us;
    std::vector<double> call_us;
};

/// Returns the output of client.js.
std::string run_client(const Server& server, int operations) {
    const std::string command =
        fmt::format("'{}' '{}/bench/deepstream/client.js' {} --writes {} --calls {}", built::node,
                    built::source_directory, server.url(), operations, operations);
    FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("cannot start Node");
    std::string printed;
    std::array<char, 4096> text{};
    while (fgets(text.data(), text.size(), pipe) != nullptr) printed += text.data();
    if (pclose(pipe) != 0) throw std::runtime_error("deepstream client failed");
    return printed;
}

void add_round(Medians& medians, const Server& server, int operations) {
    simdjson::dom::parser parser;
    const std::string printed = run_client(server, operations);
    const simdjson::dom::element all = parser.parse(printed);
    medians.write_us.push_back(all["write"]["p50_us"].get_double());
    medians.call_us.push_back(all["call"]["p50_us"].get_double());
}

}  // namespace

void measure_client(const Comparison& comparison) {
    const EchoServer echo;
    Medians ours;
    Medians theirs;
    Medians floor;
    for (int i = 0; i < comparison.scale.rounds; ++i) {
        add_round(ours, comparison.ringside, comparison.scale.client_operations);
        add_round(theirs, comparison.upstream, comparison.scale.client_operations);
        add_round(floor, echo.server(), comparison.scale.client_operations);
    }
    Report& report = comparison.report;
    report.ratio("acknowledged write, deepstream's client in Node, one under way, p50",
                 ours.write_us, "us", theirs.write_us, "deepstream", 0.8);
    report.plain("the same, a server in Node that only answers", median(floor.write_us), "us");
    report.ratio("call and answer, deepstream's clients in Node, p50", ours.call_us, "us",
                 theirs.call_us, "deepstream", 0.8);
    report.plain("the same, a server in Node that only passes it on", median(floor.call_us), "us");
}

}  // namespace ringside::bench
