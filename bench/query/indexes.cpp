#include <fmt/format.h>

#include <stdexcept>

#include "bench/query/query.hpp"
#include "bench/support/ticks.hpp"

namespace ringside::bench {

namespace {

constexpr const char* pattern = "event/*/seat/*";
constexpr const char* pointer = "/status";

template <class Work>
double ns_of(const Work& work) {
    const auto start = Clock::now();
    work();
    return ns_since(start);
}

std::int64_t count_of(const Client& client, std::string_view status) {
    const Query query = scan(pattern).where(field(pointer) == status).aggregate({count()});
    return client.snapshot().value().run(query).value()[0][0].as_int64().value();
}

std::vector<double> count_times(const Client& client, std::string_view status, std::int64_t right,
                                int slices) {
    std::vector<double> times;
    for (int slice = 0; slice < slices; ++slice) {
        times.push_back(ns_of([&] {
            if (count_of(client, status) != right) throw std::runtime_error("wrong count");
        }));
    }
    return times;
}

double seconds_to_build(Client& client) {
    const auto start = Clock::now();
    client.add_index(pattern, pointer).value();
    while (client.indexes().value().front().state != IndexInfo::State::ready) usleep(1000);
    return ns_since(start) / 1e9;
}

/// Writes that change the indexed value: the status of one seat at a time, back and forth.
double ns_per_change(Client& client, const Seats& seats, std::size_t changes, int slice) {
    const Bytes held = document_from_json(Seats::json(0, "held")).value();
    Pipeline pipeline = client.pipeline().value();
    const auto start = Clock::now();
    for (std::size_t i = 0; i < changes; ++i) {
        const std::size_t seat = i * 7919 % seats.size();
        const bool is_back = slice % 2 == 1;
        pipeline.put_encoded(Seats::name(seat), is_back ? ByteView(seats.documents()[seat]) : held)
            .value();
    }
    pipeline.flush().value();
    return ns_since(start) / static_cast<double>(changes);
}

}  // namespace

void measure_indexes(Report& report, Client& client, const Seats& seats, const QueryScale& scale) {
    const int slices = scale.slices / 2 * 2 + 2;  // even: restores all seats
    std::vector<double> without;
    for (int slice = 0; slice < slices; ++slice) {
        without.push_back(ns_per_change(client, seats, scale.changes, slice));
    }
    pin_to(0);
    const std::int64_t sold = count_of(client, "sold");
    const std::int64_t held = count_of(client, "held");
    const auto scanned = count_times(client, "sold", sold, slices);
    unpin();
    report.plain("an index over them is built beside the writers in",
                 seconds_to_build(client) * 1e9, "ns");
    pin_to(0);
    report.ratio(fmt::format("indexed count of a status that {} have", sold),
                 count_times(client, "sold", sold, slices), "ns", scanned, "the full scan", 0.02);
    report.ratio(fmt::format("indexed count of a status that {} have", held),
                 count_times(client, "held", held, slices), "ns", scanned, "the full scan", 0.02);
    unpin();
    std::vector<double> with;
    for (int slice = 0; slice < slices; ++slice) {
        with.push_back(ns_per_change(client, seats, scale.changes, slice));
    }
    report.ratio("a pipelined write that changes the indexed value", with, "ns", without,
                 "without the index", 2.0);
    client.remove_index(pattern, pointer).value();
}

}  // namespace ringside::bench
