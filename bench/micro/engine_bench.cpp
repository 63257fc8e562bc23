#include <benchmark/benchmark.h>

#include "bench/support/workload.hpp"
#include "tests/support/engine_harness.hpp"
#include "tests/support/grid_harness.hpp"

/// The cost of a write in the broker's engine, in one thread, without lanes between cores.
namespace ringside::bench {
namespace {

constexpr std::size_t records = 10'000;
const shm::SegmentShape shape{.memory_bytes = 128ULL << 20, .ring_entries = 1U << 16};

struct Prepared {
    std::vector<std::string> names;
    std::vector<Bytes> documents;

    Prepared() {
        for (std::size_t i = 0; i < records; ++i) names.push_back(name_of(i));
        for (std::size_t i = 0; i < 60; ++i)
            documents.push_back(document_from_json(json_of(i)).value());
    }
};
const Prepared prepared;

broker::Command put_of(std::size_t i) {
    broker::Command command;
    command.name = prepared.names[i % records];
    command.document = prepared.documents[i % prepared.documents.size()];
    return command;
}

void expect_done(const boost::system::result<Revision, broker::Refusal>& outcome) {
    if (!outcome) throw Exception(outcome.error().error);
}

/// A commit of one put that replaces a record, including publication and reclamation.
void commit_put(benchmark::State& state) {
    testing::GridHarness harness(shape);
    std::vector<Version> versions;
    std::size_t i = 0;
    const auto put = [&] {
        const broker::Command command = put_of(i += 7919);
        expect_done(harness.grid.commit(std::span(&command, 1), {}, versions));
        harness.grid.publish();
        if (i % 64 == 0) harness.grid.reclaim();
    };
    while (i < 7919 * records) put();
    for (auto _ : state) put();
}
BENCHMARK(commit_put);

/// Like `commit_put`, with several changes in a commit; the time is that of one change.
void commit_transaction(benchmark::State& state) {
    testing::GridHarness harness(shape);
    std::vector<Version> versions;
    std::vector<broker::Command> commands(static_cast<std::size_t>(state.range(0)));
    std::size_t i = 0;
    for (auto _ : state) {
        for (broker::Command& command : commands) command = put_of(i += 7919);
        expect_done(harness.grid.commit(commands, {}, versions));
        harness.grid.publish();
        harness.grid.reclaim();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(commit_transaction)->Arg(10)->Arg(100);

/// A turn with one acknowledged put: encoded by the client, decoded, committed, answered, received.
void put_through_a_lane(benchmark::State& state) {
    testing::EngineHarness harness(shape);
    auto session = harness.open();
    testing::LaneClient& lane = session.open_lane();
    std::size_t i = 0;
    for (auto _ : state) {
        i += 7919;
        lane.writer.put(prepared.names[i % records],
                        prepared.documents[i % prepared.documents.size()], {});
        lane.send();
        harness.turn();
        const auto answer = lane.take();
        if (!answer || answer->error != Errc::ok) throw std::runtime_error("no answer");
        if (i % 64 == 0) harness.engine.housekeep(harness.now_ns);
    }
}
BENCHMARK(put_through_a_lane);

/// A turn without work, with several attached sessions.
void idle_turn(benchmark::State& state) {
    testing::EngineHarness harness(shape);
    std::vector<testing::SessionClient> sessions;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        sessions.push_back(harness.open());
        sessions.back().open_lane();
    }
    for (auto _ : state) benchmark::DoNotOptimize(harness.turn());
}
BENCHMARK(idle_turn)->Arg(1)->Arg(64)->Arg(1024);

}  // namespace
}  // namespace ringside::bench
