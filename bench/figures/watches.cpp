#include <fmt/format.h>

#include <thread>

#include "bench/figures/figures.hpp"
#include "bench/support/engine_core.hpp"
#include "bench/support/stage.hpp"
#include "bench/support/ticks.hpp"
#include "shm/wait/spin.hpp"

namespace ringside::bench {

namespace {

/// The engine's time per change of a pipelined writer, in turns that did work.
double engine_cost_ns(const Broker& broker, int watchers, const Scale& scale) {
    std::vector<std::unique_ptr<Child>> children;
    const SharedFlag ready;
    for (int i = 0; i < watchers; ++i) {
        children.push_back(std::make_unique<Child>([&] {
            pin_to(0);
            Client client = Client::attach({.grid = broker.grid(), .spin = {}}).value();
            Watch watch = client.watch("seat/**").value();
            ++*ready;
            for (;;) static_cast<void>(watch.next(std::chrono::seconds(1)));
        }));
    }
    while ((*ready).load() < static_cast<std::uint64_t>(watchers)) usleep(1000);
    pin_to(0);
    Client client = Client::attach({.grid = broker.grid()}).value();
    const Bytes document = document_from_json(json_of(1)).value();
    const shm::Segment segment = shm::Segment::open(broker.grid()).value();
    const auto& counters = segment.header().counters;
    Pipeline pipeline = client.pipeline().value();
    const std::size_t writes = scale.samples / 3;
    const std::uint64_t busy = counters.busy_ns.load();
    for (std::size_t i = 0; i < writes; ++i)
        pipeline.put_encoded(name_of(i % 10'000), document).value();
    pipeline.flush().value();
    return static_cast<double>(counters.busy_ns.load() - busy) / static_cast<double>(writes);
}

}  // namespace

void measure_watch(Report& report, const Scale& scale) {
    Stage stage({.memory_bytes = 64ULL << 20, .ring_entries = 1024});
    const SharedFlag published_at;
    const SharedFlag took;
    const Child watcher([&] {
        pin_to(0);
        const Client client = Client::attach({.grid = stage.name()}).value();
        Watch watch = client.watch("watched").value();
        (*took).store(1);
        for (;;) {
            if (watch.poll()) (*took).store(ticks() - *published_at, std::memory_order_release);
        }
    });
    stage.admit();
    const auto await = [&] {
        while ((*took).load(std::memory_order_acquire) == 0) shm::cpu_pause();
    };
    await();
    const Bytes document = document_from_json(json_of(1)).value();
    broker::Command command;
    command.name = "watched";
    command.document = document;
    std::vector<Version> versions;
    std::vector<double> all;
    std::vector<double> medians;
    std::vector<double> one_ways;
    const double tick_ns = ns_per_tick();
    for (int slice = 0; slice < 3 * scale.slices; ++slice) {
        watcher.pause();
        one_ways.push_back(cache_line_round_trip_ns() / 2);
        watcher.go_on();
        pin_to(1);
        std::vector<double> samples;
        for (std::size_t i = 0; i < scale.samples / 20; ++i) {
            (*took).store(0);
            stage.grid().begin_turn(now_ns());
            if (const auto done = stage.grid().commit(std::span(&command, 1), {}, versions); !done)
                throw Exception(done.error().error);
            // Long enough for the watcher to wait again.
            for (const auto start = Clock::now(); ns_since(start) < 2000;) shm::cpu_pause();
            (*published_at).store(ticks());
            stage.grid().publish();
            await();
            samples.push_back(static_cast<double>((*took).load()) * tick_ns);
        }
        medians.push_back(median(samples));
        all.insert(all.end(), samples.begin(), samples.end());
    }
    report.ratio(fmt::format("change published -> spinning watcher has it, p50 (p99 {:.2g} us)",
                             percentile(all, 0.99) / 1000),
                 medians, "ns", one_ways, "one way of a cache line", 3);
}

void measure_put_to_watch(Report& report, const std::string& grid, const Scale& scale) {
    const SharedFlag took;
    const SharedFlag ready;
    const Child watcher([&] {
        pin_to(0);
        const Client client = Client::attach({.grid = grid}).value();
        Watch watch = client.watch("figures/watched").value();
        (*ready).store(1);
        for (;;) {
            const auto event = watch.poll();
            if (!event) continue;
            const std::uint64_t called = event->record.document().as_uint64().value();
            (*took).store(now_ns() - called, std::memory_order_release);
        }
    });
    unpin();
    Client client = Client::attach({.grid = grid, .spin = std::chrono::milliseconds(100)}).value();
    while ((*ready).load() == 0) usleep(1000);
    std::vector<double> samples;
    for (std::size_t i = 0; i < std::max<std::size_t>(scale.samples / 300, 50); ++i) {
        (*took).store(0);
        client.put("figures/watched", std::to_string(now_ns())).value();
        while ((*took).load(std::memory_order_acquire) == 0) usleep(10);
        samples.push_back(static_cast<double>((*took).load()));
    }
    report.plain("put called -> spinning watcher has it, three processes on two cores, p50",
                 percentile(samples, 0.5) / 1000, "us");
}

void measure_watchers(Report& report, const Broker& broker, const Scale& scale) {
    leave_the_core_to_the_engine(broker.pid());
    std::vector<double> one;
    std::vector<double> many;
    for (int slice = 0; slice < scale.slices; ++slice) {
        one.push_back(engine_cost_ns(broker, 1, scale));
        many.push_back(engine_cost_ns(broker, 64, scale));
    }
    report.ratio("engine's time a change, 64 watchers of it that sleep", many, "ns", one,
                 "one watcher", 1.1);
}

}  // namespace ringside::bench
