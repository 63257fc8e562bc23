#include <fmt/format.h>

#include "bench/figures/figures.hpp"

namespace ringside::bench {

void fill(Client& client, std::size_t records) {
    Pipeline pipeline = client.pipeline().value();
    for (std::size_t i = 0; i < records; ++i) pipeline.put(name_of(i), json_of(i)).value();
    pipeline.flush().value();
}

void measure_acknowledged(Report& report, const std::string& grid, const Scale& scale) {
    pin_to(0);
    Client client = Client::attach({.grid = grid, .spin = std::chrono::milliseconds(100)}).value();
    const Document document = Document::parse(json_of(1)).value();
    std::vector<double> all;
    std::vector<double> medians;
    std::vector<double> round_trips;
    for (int slice = 0; slice < 3 * scale.slices; ++slice) {
        round_trips.push_back(cache_line_round_trip_ns());
        std::vector<double> samples;
        for (std::size_t i = 0; i < scale.samples / 20; ++i) {
            const std::string name = name_of(i * 7919 % 10'000);
            const auto start = Clock::now();
            client.put(name, document).value();
            samples.push_back(ns_since(start));
        }
        medians.push_back(median(samples));
        all.insert(all.end(), samples.begin(), samples.end());
    }
    report.ratio(fmt::format("acknowledged write, spinning, p50 (p99 {:.1f} us, p99.9 {:.1f} us)",
                             percentile(all, 0.99) / 1000, percentile(all, 0.999) / 1000),
                 medians, "ns", round_trips, "cache-line round trip", 5);
}

void measure_pipelined(Report& report, const std::string& grid, std::size_t records,
                       const Scale& scale) {
    pin_to(0);
    Client client = Client::attach({.grid = grid}).value();
    const auto documents = some_documents();
    std::vector<std::string> names;
    for (const std::uint32_t i : random_indices(records, scale.samples, 3))
        names.push_back(name_of(i));
    std::vector<double> slices;
    for (int slice = 0; slice < scale.slices; ++slice) {
        Pipeline pipeline = client.pipeline().value();
        const auto start = Clock::now();
        for (std::size_t i = 0; i < names.size(); ++i) {
            pipeline.put_encoded(names[i], documents[i % documents.size()]).value();
        }
        pipeline.flush().value();
        slices.push_back(static_cast<double>(names.size()) * 1e9 / ns_since(start));
    }
    report.absolute(fmt::format("pipelined writes, one client, {} records", records),
                    median(slices), "writes/s", Report::Wanted::at_least, 1e6);
}

}  // namespace ringside::bench
