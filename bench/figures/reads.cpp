#include <fmt/format.h>

#include <boost/unordered/unordered_flat_map.hpp>

#include "bench/figures/figures.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::bench {

namespace {

using Map = boost::unordered_flat_map<std::string, std::vector<std::uint8_t>>;

Map make_map(std::size_t records) {
    Map map;
    map.reserve(records);
    for (std::size_t i = 0; i < records; ++i)
        map.emplace(name_of(i), document_from_json(json_of(i)).value());
    return map;
}

/// Uses the sum, so that the compiler cannot remove the reads.
void check_sum(std::int64_t sum) {
    if (sum == 0) throw std::runtime_error("reads found nothing");
}

}  // namespace

void measure_reads(Report& report, const std::string& grid, std::size_t records,
                   const Scale& scale) {
    const Map map = make_map(records);
    const Child writer([&] {
        pin_to(1);
        Client client = Client::attach({.grid = grid}).value();
        Pipeline pipeline = client.pipeline().value();
        const auto documents = some_documents();
        for (std::size_t i = 0;; i = (i + 7919) % records)
            pipeline.put_encoded(name_of(i), documents[i % documents.size()]).value();
    });
    pin_to(0);
    const Client client = Client::attach({.grid = grid}).value();
    std::vector<std::string> names;
    const auto picked = random_indices(records, scale.samples, 1);
    names.reserve(picked.size());
    for (const std::uint32_t i : picked) names.push_back(name_of(i));
    std::vector<double> ours;
    std::vector<double> theirs;
    std::int64_t sum = 0;
    for (int slice = 0; slice < scale.slices; ++slice) {
        auto start = Clock::now();
        for (const auto& name : names) sum += price_in(client.get(name).value().bytes());
        ours.push_back(ns_since(start) / static_cast<double>(names.size()));
        start = Clock::now();
        for (const auto& name : names) sum += price_in(map.find(name)->second);
        theirs.push_back(ns_since(start) / static_cast<double>(names.size()));
    }
    check_sum(sum);
    report.ratio(fmt::format("read one field, {} records, while another process writes", records),
                 ours, "ns", theirs, "map", 1.2);
}

void measure_get_many(Report& report, const Client& client, std::size_t records,
                      const Scale& scale) {
    pin_to(0);
    constexpr std::size_t batch = 100;
    const auto picked = random_indices(records, scale.samples / batch * batch, 2);
    std::vector<std::string> texts;
    texts.reserve(picked.size());
    for (const std::uint32_t i : picked) texts.push_back(name_of(i));
    const std::vector<std::string_view> names(texts.begin(), texts.end());
    std::vector<double> many;
    std::vector<double> single;
    std::int64_t sum = 0;
    for (int slice = 0; slice < scale.slices; ++slice) {
        auto start = Clock::now();
        for (std::size_t i = 0; i < names.size(); i += batch) {
            client
                .get_many(std::span(names).subspan(i, batch),
                          [&](std::size_t, const RecordView* record) {
                              sum += price_in(record->bytes());
                          })
                .value();
        }
        many.push_back(ns_since(start) / static_cast<double>(names.size()));
        start = Clock::now();
        for (const auto& name : names) sum += price_in(client.get(name).value().bytes());
        single.push_back(ns_since(start) / static_cast<double>(names.size()));
    }
    check_sum(sum);
    report.ratio("get_many of 100 names, a name", many, "ns", single, "single get", 0.4);
}

void measure_scan(Report& report, const Client& client, const Scale& scale,
                  const std::string& what) {
    pin_to(0);
    std::vector<double> slices;
    for (int slice = 0; slice < scale.slices; ++slice) {
        const Snapshot snapshot = client.snapshot().value();
        std::size_t count = 0;
        std::int64_t sum = 0;
        const auto start = Clock::now();
        snapshot
            .scan_prefix("",
                         [&](std::span<const RecordView> batch) {
                             for (const RecordView& record : batch) {
                                 sum += sold_in(record.bytes());
                             }
                             count += batch.size();
                             return true;
                         })
            .value();
        slices.push_back(ns_since(start) / static_cast<double>(count));
        check_sum(sum);
    }
    report.absolute("scan, filter and sum of two fields, " + what + ", a record", median(slices),
                    "ns", Report::Wanted::at_most, 60);
}

void measure_memory(Report& report, const std::string& grid, std::size_t records) {
    const shm::Segment segment = shm::Segment::open(grid).value();
    const auto& counters = segment.header().counters;
    const auto used =
        counters.heap_bytes_used.load() + counters.slots_used.load() * sizeof(shm::Slot);
    std::size_t text = 0;
    for (std::size_t i = 0; i < 1000; ++i) text += json_of(i * records / 1000).size();
    report.ratio("memory a record, with table, index and slots",
                 {static_cast<double>(used) / static_cast<double>(records)}, "bytes",
                 {static_cast<double>(text) / 1000}, "JSON text", 2.0);
}

}  // namespace ringside::bench
