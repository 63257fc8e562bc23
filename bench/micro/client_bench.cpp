#include <benchmark/benchmark.h>

#include "bench/support/process.hpp"
#include "bench/support/workload.hpp"
#include "ringside/client.hpp"

/// The cost of a client's calls with a dedicated broker, 100,000 records and no other writer.
namespace ringside::bench {
namespace {

constexpr std::size_t records = 100'000;

struct Shared {
    Broker broker{"512MiB"};
    Client client = Client::attach({.grid = broker.grid()}).value();
    std::vector<std::string> names;

    Shared() {
        Pipeline pipeline = client.pipeline().value();
        for (std::size_t i = 0; i < records; ++i) {
            names.push_back(name_of(i));
            pipeline.put(names.back(), json_of(i)).value();
        }
        pipeline.flush().value();
        pin_to(0);
    }

    static Shared& get() {
        static Shared shared;
        return shared;
    }
    const std::string& next_name() { return names[(at_ += 7919) % records]; }

private:
    std::size_t at_ = 0;
};

void get(benchmark::State& state) {
    Shared& shared = Shared::get();
    for (auto _ : state) {
        const auto record = shared.client.get(shared.next_name());
        benchmark::DoNotOptimize(record.value().document()["price"].as_int64());
    }
}
BENCHMARK(get);

void get_one_again_and_again(benchmark::State& state) {
    Shared& shared = Shared::get();
    for (auto _ : state) {
        const auto record = shared.client.get(shared.names.front());
        benchmark::DoNotOptimize(record.value().document()["price"].as_int64());
    }
}
BENCHMARK(get_one_again_and_again);

void get_missing(benchmark::State& state) {
    Shared& shared = Shared::get();
    for (auto _ : state) benchmark::DoNotOptimize(shared.client.get("seat/none").has_value());
}
BENCHMARK(get_missing);

void get_many(benchmark::State& state) {
    Shared& shared = Shared::get();
    std::vector<std::string_view> names(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        for (auto& name : names) name = shared.next_name();
        std::int64_t sum = 0;
        shared.client
            .get_many(names,
                      [&](std::size_t, const RecordView* record) {
                          sum += record->document()["price"].as_int64().value();
                      })
            .value();
        benchmark::DoNotOptimize(sum);
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(get_many)->Arg(10)->Arg(100)->Arg(1000);

void snapshot(benchmark::State& state) {
    Shared& shared = Shared::get();
    for (auto _ : state) benchmark::DoNotOptimize(shared.client.snapshot().value().revision());
}
BENCHMARK(snapshot);

/// The time of a scan of all records; items are records.
void scan(benchmark::State& state) {
    Shared& shared = Shared::get();
    for (auto _ : state) {
        std::int64_t sum = 0;
        shared.client.snapshot()
            .value()
            .scan_prefix("",
                         [&](std::span<const RecordView> batch) {
                             for (const RecordView& record : batch)
                                 sum += record.document()["price"].as_int64().value();
                             return true;
                         })
            .value();
        benchmark::DoNotOptimize(sum);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(records));
}
BENCHMARK(scan)->Unit(benchmark::kMillisecond);

void put_acknowledged(benchmark::State& state) {
    Shared& shared = Shared::get();
    const Document document = Document::parse(json_of(1)).value();
    for (auto _ : state) shared.client.put(shared.next_name(), document).value();
}
BENCHMARK(put_acknowledged)->UseRealTime();

void put_pipelined(benchmark::State& state) {
    Shared& shared = Shared::get();
    const Document document = Document::parse(json_of(1)).value();
    Pipeline pipeline = shared.client.pipeline().value();
    for (auto _ : state) pipeline.put_encoded(shared.next_name(), document.bytes()).value();
    pipeline.flush().value();
}
BENCHMARK(put_pipelined)->UseRealTime();

void poll_of_a_watch_without_news(benchmark::State& state) {
    Watch watch = Shared::get().client.watch("seat/**").value();
    for (auto _ : state) benchmark::DoNotOptimize(watch.poll().has_value());
}
BENCHMARK(poll_of_a_watch_without_news);

}  // namespace
}  // namespace ringside::bench
