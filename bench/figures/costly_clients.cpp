#include <fmt/format.h>

#include <memory>

#include "bench/figures/figures.hpp"
#include "bench/support/latencies.hpp"

namespace ringside::bench {

namespace {

constexpr int costly_clients = 6;

/// A record of 1 MiB, and a patch of it that takes nearly all the steps that a request may take.
std::string large_document() { return R"({"a":")" + std::string(1U << 20, 'x') + R"("})"; }
std::string costly_patch() {
    std::string patch = "[";
    for (int i = 0; i < 17; ++i) patch += R"({"op":"copy","from":"/a","path":"/b"},)";
    patch.back() = ']';
    return patch;
}

/// Processes that continuously send the costliest patches, each to a different record.
class CostlyClients {
public:
    explicit CostlyClients(const std::string& grid) {
        for (int i = 0; i < costly_clients; ++i) {
            children_.push_back(std::make_unique<Child>([&, i] {
                pin_to(0);
                Client client = Client::attach({.grid = grid}).value();
                const std::string name = "costly/" + std::to_string(i);
                const std::string patch = costly_patch();
                client.put(name, large_document()).value();
                client.json_patch(name, patch).value();
                ++*working_;
                for (;;) client.json_patch(name, patch).value();
            }));
        }
        working_.await(costly_clients, "the costly clients do not start");
    }

private:
    SharedFlag working_;
    std::vector<std::unique_ptr<Child>> children_;
};

Latencies puts(Client& client, std::size_t samples) {
    Latencies latencies;
    for (std::size_t i = 0; i < samples; ++i) {
        const auto start = Clock::now();
        client.put(name_of(static_cast<std::uint32_t>(i % 1000)), R"({"n":1})").value();
        latencies.add(ns_since(start));
    }
    return latencies;
}

}  // namespace

void measure_costly_clients(Report& report, const Scale& scale) {
    const Broker crowded("512MiB");
    const Broker quiet("512MiB");
    Client beside = Client::attach({.grid = crowded.grid()}).value();
    Client alone = Client::attach({.grid = quiet.grid()}).value();
    pin_to(0);
    const std::size_t samples = scale.samples / 10;
    puts(beside, 1000);
    puts(alone, 1000);
    const CostlyClients costly(crowded.grid());
    std::vector<double> with_costly;
    std::vector<double> without;
    Latencies all;
    for (int slice = 0; slice < scale.slices; ++slice) {
        without.push_back(puts(alone, samples).at(0.99));
        const Latencies slice_beside = puts(beside, samples);
        with_costly.push_back(slice_beside.at(0.99));
        all.add(slice_beside);
    }
    report.ratio(
        fmt::format("put, p99, beside {} clients that send the costliest patches", costly_clients),
        with_costly, "ns", without, "alone", 3);
    report.absolute("the longest of these puts", all.longest(), "ns", Report::Wanted::at_most,
                    20e6);
}

}  // namespace ringside::bench
