#include "broker/store/recorder.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <random>

#include "broker/engine/grid.hpp"
#include "shm/document/json.hpp"
#include "shm/segment/statistics.hpp"
#include "tests/store/unreliable_disk.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_grid.hpp"

/// The store of a grid under writes, until power is lost.
namespace ringside::broker {
namespace {

using testing::eventually;
using testing::TemporaryDirectory;
using testing::UnreliableDisk;

using Model = std::map<std::string, std::string>;

/// A grid whose changes a recorder stores. The test does the engine's part.
class RecordedGrid {
public:
    explicit RecordedGrid(RecorderOptions options)
        : segment(shm::Segment::create_anonymous({.memory_bytes = 32ULL << 20, .ring_entries = 256})
                      .value()),
          grid(segment.view(),
               {.commit_memory = [](Offset, std::uint64_t) { return true; },
                .heavy_fence = [] { std::atomic_thread_fence(std::memory_order_seq_cst); },
                .collect_pins = [](std::vector<HeldPin>&) {},
                .kept_from = &durability.kept_from},
               {}),
          recorder(segment.view(), options, Store::open(options.store).value(), durability, [] {}) {
        grid.finish_restore(0);
        recorder.start();
    }

    /// Writes and removes several records in one revision.
    void commit(std::mt19937& random) {
        ASSERT_TRUE(eventually([&] { return !grid.must_wait_for_store(); }));
        std::vector<Command> commands;
        std::vector<std::string> names;
        std::vector<Bytes> documents;
        names.reserve(8);
        documents.reserve(8);
        for (auto n = random() % 5 + 1; n > 0; --n) {
            names.push_back("r/" + std::to_string(random() % 40));
            Command& command = commands.emplace_back();
            command.name = names.back();
            if (model.contains(names.back()) && random() % 4 == 0) {
                command.kind = wire::CommandKind::remove;
                model.erase(names.back());
            } else {
                const std::string json = std::to_string(random());
                documents.push_back(document_from_json(json).value());
                command.document = documents.back();
                model[names.back()] = json;
            }
        }
        std::vector<Version> versions;
        const auto revision = grid.commit(commands, {}, versions);
        ASSERT_TRUE(revision.has_value());
        grid.publish();
        history[*revision] = model;
        recorder.notice();
        if (random() % 16 == 0) grid.reclaim();
    }

    Durability durability;
    shm::Segment segment;
    Grid grid;
    Recorder recorder;
    Model model;
    std::map<Revision, Model> history{{0, {}}};
};

TEST(Recorder, DurableWritesSurviveAPowerLoss) {
    for (const DurabilityPolicy policy :
         {DurabilityPolicy::none, DurabilityPolicy::periodic, DurabilityPolicy::always}) {
        for (unsigned seed = 1; seed <= 12; ++seed) {
            SCOPED_TRACE(seed);
            const TemporaryDirectory directory;
            UnreliableDisk disk(seed);
            RecorderOptions options;
            options.store.directory = directory / "data";
            options.store.grid = "test";
            options.store.ring_entries = 256;
            options.store.environment = disk.env();
            options.policy = policy;
            options.interval = std::chrono::milliseconds(1);
            std::mt19937 random(seed);
            Revision durable = 0;
            std::map<Revision, Model> history;
            {
                RecordedGrid grid(options);
                grid.commit(random);
                grid.durability.wanted = grid.segment.header().commit.published.load();
                grid.recorder.notice();
                ASSERT_TRUE(eventually([&] { return grid.durability.durable > 0U; }));
                for (auto commits = random() % 3000; commits > 0; --commits) {
                    grid.commit(random);
                    if (random() % 50 == 0) {
                        grid.durability.wanted = grid.segment.header().commit.published.load();
                        grid.recorder.notice();
                    }
                }
                durable = grid.durability.durable;
                disk.run_full(true);  // nothing that follows reaches the disk
                history = grid.history;
            }
            disk.run_full(false);
            disk.lose_power();
            const auto store = Store::open(options.store);
            ASSERT_TRUE(store) << store.error().text();
            ASSERT_GE(store->revision(), durable);
            Model found;
            store
                ->read(
                    [&](const StoredRecord& record) -> Result<void> {
                        found[std::string(record.name)] = to_json(Value::of(record.document));
                        return {};
                    },
                    [](std::string_view what, const std::string&) { ADD_FAILURE() << what; })
                .value();
            ASSERT_TRUE(history.contains(store->revision()));
            EXPECT_EQ(found, history.at(store->revision()));
        }
    }
}

TEST(Recorder, SyncsAndTheSizesOfBatchesAreCounted) {
    const TemporaryDirectory directory;
    RecorderOptions options;
    options.store.directory = directory / "data";
    options.store.grid = "test";
    options.policy = DurabilityPolicy::always;
    std::mt19937 random(7);
    RecordedGrid grid(options);
    const auto is_durable = [&] { return grid.durability.durable == grid.grid.published(); };
    grid.commit(random);
    ASSERT_TRUE(eventually(is_durable));
    const shm::Statistics& statistics = shm::statistics_of(grid.segment.view());
    const std::uint64_t changes_before = statistics.changes_of_batch.sum.load();
    const Position head_before = grid.segment.header().commit.head.load();
    for (int i = 0; i < 50; ++i) grid.commit(random);
    ASSERT_TRUE(eventually(is_durable));
    EXPECT_TRUE(grid.recorder.stop());
    const auto values = [](const shm::Histogram& histogram) {
        std::uint64_t sum = 0;
        for (const shm::Word& count : histogram.counts) sum += count.load();
        return sum;
    };
    EXPECT_GT(values(statistics.sync_ns), 0U);
    EXPECT_GT(statistics.sync_ns.sum.load(), 0U);
    EXPECT_GT(values(statistics.changes_of_batch), 0U);
    EXPECT_EQ(statistics.changes_of_batch.sum.load() - changes_before,
              grid.segment.header().commit.head.load() - head_before);
}

/// A store that cannot be opened at first, with nothing to write once it can.
TEST(Recorder, WorksAgainWithoutAnythingToWrite) {
    const TemporaryDirectory directory;
    UnreliableDisk disk;
    RecorderOptions options;
    options.store.directory = directory / "data";
    options.store.grid = "test";
    options.store.environment = disk.env();
    options.retry = std::chrono::milliseconds(2);
    const auto segment =
        shm::Segment::create_anonymous({.memory_bytes = 8ULL << 20, .ring_entries = 256}).value();
    Durability durability;
    Recorder recorder(segment.view(), options, std::nullopt, durability, [] {});
    disk.run_full(true);
    recorder.start();
    EXPECT_TRUE(eventually([&] { return durability.is_failing(); }));
    EXPECT_EQ(segment.header().store.id.load(), 0U) << "it does not follow the grid yet";
    disk.run_full(false);
    EXPECT_TRUE(eventually([&] { return !durability.is_failing(); }));
    EXPECT_TRUE(segment.header().store.failure().empty());
    EXPECT_NE(segment.header().store.id.load(), 0U);
    EXPECT_TRUE(recorder.stop());
}

TEST(Recorder, RecorderContinuesWhenTheDiskHasRoomAgain) {
    const TemporaryDirectory directory;
    UnreliableDisk disk;
    RecorderOptions options;
    options.store.directory = directory / "data";
    options.store.grid = "test";
    options.store.environment = disk.env();
    options.interval = options.retry = std::chrono::milliseconds(2);
    std::mt19937 random(5);
    Model expected;
    {
        RecordedGrid grid(options);
        for (int round = 0; round < 5; ++round) {
            for (int i = 0; i < 30; ++i) grid.commit(random);
            disk.run_full(true);
            for (int i = 0; i < 30; ++i) grid.commit(random);
            EXPECT_TRUE(eventually([&] { return grid.durability.is_failing(); }));
            EXPECT_NE(grid.durability.reason().find("full"), std::string::npos);
            EXPECT_FALSE(grid.segment.header().store.failure().empty());
            disk.run_full(false);
            EXPECT_TRUE(eventually([&] { return !grid.durability.is_failing(); }));
        }
        EXPECT_TRUE(grid.recorder.stop());
        expected = grid.model;
    }
    const Store store = Store::open(options.store).value();
    Model found;
    store
        .read(
            [&](const StoredRecord& record) -> Result<void> {
                found[std::string(record.name)] = to_json(Value::of(record.document));
                return {};
            },
            [](std::string_view what, const std::string&) { ADD_FAILURE() << what; })
        .value();
    EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace ringside::broker
