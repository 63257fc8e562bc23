#include <fmt/format.h>

#include <flatbuffers/flexbuffers.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <stdexcept>

#include "bench/query/query.hpp"
#include "bench/support/ticks.hpp"

namespace ringside::bench {

namespace {

struct Sales {
    std::int64_t count = 0;
    std::int64_t revenue = 0;
    bool operator==(const Sales&) const = default;
};
using Sections = boost::unordered_flat_map<std::string_view, Sales>;

/// Loops over documents in private memory, as a program would contain that has only a vector of
/// FlexBuffers.
namespace with_flexbuffers {

std::string_view text_of(const flexbuffers::Reference& value) {
    const auto text = value.AsString();
    return {text.c_str(), text.size()};
}

Sales sold(const std::vector<Bytes>& documents) {
    Sales sales;
    for (const Bytes& document : documents) {
        const auto seat = flexbuffers::GetRoot(document.data(), document.size()).AsMap();
        if (text_of(seat["status"]) != "sold") continue;
        sales.revenue += seat["price"].AsInt64();
    }
    return sales;
}

Sections by_section(const std::vector<Bytes>& documents) {
    Sections sections;
    for (const Bytes& document : documents) {
        const auto seat = flexbuffers::GetRoot(document.data(), document.size()).AsMap();
        Sales& sales = sections[text_of(seat["section"])];
        ++sales.count;
        sales.revenue += seat["price"].AsInt64();
    }
    return sections;
}

}  // namespace with_flexbuffers

/// Same with Ringside's reader, which checks every offset and caches the positions of keys.
namespace with_values {

Sales sold(const std::vector<Bytes>& documents) {
    const Value::Key status("status");
    const Value::Key price("price");
    Sales sales;
    for (const Bytes& document : documents) {
        const Value seat = Value::of(document);
        if (seat[status].as_string() != "sold") continue;
        sales.revenue += seat[price].as_int64().value_or(0);
    }
    return sales;
}

Sections by_section(const std::vector<Bytes>& documents) {
    const Value::Key section("section");
    const Value::Key price("price");
    Sections sections;
    for (const Bytes& document : documents) {
        const Value seat = Value::of(document);
        Sales& sales = sections[seat[section].as_string().value_or("")];
        ++sales.count;
        sales.revenue += seat[price].as_int64().value_or(0);
    }
    return sections;
}

}  // namespace with_values

Query sold_query() {
    return scan("event/*/seat/*").where(field("/status") == "sold").aggregate({sum("/price")});
}
Query section_query() {
    return scan("event/*/seat/*").group_by({"/section"}).aggregate({count(), sum("/price")});
}

void check(bool is_right, const char* what) {
    if (!is_right) throw std::runtime_error(std::string("wrong result: ") + what);
}

template <class Work>
double ns_of(const Work& work) {
    const auto start = Clock::now();
    work();
    return ns_since(start);
}

/// Two ways to read the same data; the faster one is the baseline.
struct Baseline {
    std::vector<double> with_flexbuffers;
    std::vector<double> with_values;

    [[nodiscard]] bool is_value_faster() const {
        return median(with_values) < median(with_flexbuffers);
    }
    [[nodiscard]] const std::vector<double>& faster() const {
        return is_value_faster() ? with_values : with_flexbuffers;
    }
    [[nodiscard]] std::string name() const {
        return fmt::format("loop over a vector of them, {} reader",
                           is_value_faster() ? "Ringside's" : "FlatBuffers'");
    }
};

std::vector<double> per_record(std::vector<double> samples, std::size_t records) {
    for (double& sample : samples) sample /= static_cast<double>(records);
    return samples;
}

void measure_sum(Report& report, const Client& client, const Seats& seats, int slices) {
    Baseline baseline;
    std::vector<double> typed;
    const Query query = sold_query();
    for (int slice = 0; slice < slices; ++slice) {
        std::int64_t sums[3] = {};
        baseline.with_flexbuffers.push_back(
            ns_of([&] { sums[0] = with_flexbuffers::sold(seats.documents()).revenue; }));
        baseline.with_values.push_back(
            ns_of([&] { sums[1] = with_values::sold(seats.documents()).revenue; }));
        typed.push_back(ns_of([&] {
            sums[2] = client.snapshot().value().run(query).value()[0][0].as_int64().value();
        }));
        check(sums[0] == sums[1] && sums[1] == sums[2], "sum of what is sold");
    }
    report.ratio("typed scan, filter and sum, a record", per_record(typed, seats.size()), "ns",
                 per_record(baseline.faster(), seats.size()), baseline.name(), 2.0);
}

Sections sections_of(const Rows& rows) {
    Sections sections;
    for (const Row row : rows)
        sections[row[0].as_string().value()] = {*row[1].as_int64(), *row[2].as_int64()};
    return sections;
}

void measure_groups(Report& report, const Client& client, const Seats& seats, int slices) {
    Baseline baseline;
    std::vector<double> typed;
    const Query query = section_query();
    for (int slice = 0; slice < slices; ++slice) {
        Sections expected[2];
        baseline.with_flexbuffers.push_back(
            ns_of([&] { expected[0] = with_flexbuffers::by_section(seats.documents()); }));
        baseline.with_values.push_back(
            ns_of([&] { expected[1] = with_values::by_section(seats.documents()); }));
        std::optional<Rows> rows;
        typed.push_back(ns_of([&] { rows = client.snapshot().value().run(query).value(); }));
        check(expected[0] == expected[1] && sections_of(*rows) == expected[1], "sections");
    }
    report.ratio("typed group-by of 40 groups, count and sum, a record",
                 per_record(typed, seats.size()), "ns", per_record(baseline.faster(), seats.size()),
                 baseline.name(), 3.0);
}

void measure_threads(Report& report, const Client& client, const Seats& seats, int slices) {
    std::vector<double> one;
    std::vector<double> two;
    Query query = section_query();
    for (int slice = 0; slice < slices; ++slice) {
        const auto run = [&](std::size_t threads) {
            return ns_of([&] {
                const Snapshot snapshot = client.snapshot().value();
                check(snapshot.run(query.parallel(threads)).value().size() == Seats::sections,
                      "sections");
            });
        };
        one.push_back(run(1));
        two.push_back(run(2));
    }
    report.ratio("the same on two threads, a record", per_record(two, seats.size()), "ns",
                 per_record(one, seats.size()), "one thread", 0.6);
}

void measure_one_event(Report& report, const Client& client, const Seats& seats, int slices) {
    std::vector<double> samples;
    for (int i = 0; i < slices * 20; ++i) {
        const std::size_t event =
            static_cast<std::size_t>(i) * 7919 % (seats.size() / Seats::seats_per_event);
        const Query query = scan(fmt::format("event/{:04}/seat/*", event))
                                .group_by({"/section"})
                                .aggregate({count(), sum("/price")});
        samples.push_back(ns_of([&] {
            check(client.snapshot().value().run(query).value().size() == Seats::sections, "event");
        }));
    }
    report.absolute(fmt::format("typed group-by of one event, 1000 of {} records", seats.size()),
                    median(samples), "ns", Report::Wanted::at_most, 1e6);
}

}  // namespace

void measure_typed(Report& report, const Client& client, const Seats& seats,
                   const QueryScale& scale) {
    pin_to(0);
    measure_sum(report, client, seats, scale.slices);
    measure_groups(report, client, seats, scale.slices);
    measure_one_event(report, client, seats, scale.slices);
    unpin();
    measure_threads(report, client, seats, scale.slices);
}

void measure_writers(Report& report, const Client& client, const Seats& seats,
                     const QueryScale& scale) {
    const SharedFlag written;
    const Child writer([&] {
        pin_to(1);
        Client own = Client::attach({.grid = client.grid(), .spin = {}}).value();
        Pipeline pipeline = own.pipeline().value();
        for (std::size_t i = 0;; i = (i + 7919) % seats.size()) {
            pipeline.put_encoded(Seats::name(i), seats.documents()[i]).value();
            ++*written;
        }
    });
    pin_to(0);
    while ((*written).load() == 0) usleep(1000);
    std::vector<double> alone;
    std::vector<double> beside;
    const Query query = section_query();
    const auto ns_per_write = [&](const auto& meanwhile) {
        const std::uint64_t before = *written;
        const auto start = Clock::now();
        while (ns_since(start) < scale.writing_ns) meanwhile();
        return ns_since(start) / static_cast<double>(*written - before);
    };
    for (int slice = 0; slice < scale.slices; ++slice) {
        alone.push_back(ns_per_write([] { usleep(1000); }));
        beside.push_back(ns_per_write(
            [&] { check(!client.snapshot().value().run(query).value().empty(), "sections"); }));
    }
    report.ratio("a write while a report of all records runs in a loop on the other core", beside,
                 "ns", alone, "without it", 1 / 0.9);
}

}  // namespace ringside::bench
