#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "broker/engine/grid.hpp"
#include "broker/store/recorder.hpp"
#include "shm/document/json.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_grid.hpp"

/// Stores that are older than the start of the ring, and recorders that end at once.
namespace ringside::broker {
namespace {

using testing::eventually;
using testing::TemporaryDirectory;

using Records = std::map<std::string, std::string>;

constexpr std::chrono::seconds patience{120};

class RecorderGap : public ::testing::Test {
protected:
    RecorderGap() {
        options_.store.directory = directory_ / "data";
        options_.store.grid = "test";
        options_.store.ring_entries = ring_entries;
        options_.policy = DurabilityPolicy::always;
        grid_.finish_restore(0);
    }

    /// Writes twice as many records as the ring holds, one at a time.
    void write(const std::string& prefix) {
        for (std::size_t i = 0; i < 2 * ring_entries; ++i) {
            while (grid_.must_wait_for_store()) usleep(100);
            Command command;
            const std::string name = prefix + "/" + std::to_string(i % 100);
            const std::string json = std::to_string(i);
            const Bytes document = document_from_json(json).value();
            command.name = name;
            command.document = document;
            std::vector<Version> versions;
            ASSERT_TRUE(grid_.commit({&command, 1}, {}, versions).has_value());
            grid_.publish();
            records_[name] = json;
            recorder_->notice();
        }
    }
    void start(std::optional<Store> store) {
        recorder_.emplace(segment_.view(), options_, std::move(store), durability_, [] {});
        recorder_->start();
    }
    /// Ends the recorder and closes the store.
    void end() {
        EXPECT_TRUE(recorder_->stop());
        recorder_.reset();
    }
    [[nodiscard]] Revision published() const { return segment_.header().commit.published.load(); }
    [[nodiscard]] Records stored() const {
        Records found;
        const auto store = Store::open(options_.store).value();
        store
            .read(
                [&](const StoredRecord& record) -> Result<void> {
                    found[std::string(record.name)] = to_json(Value::of(record.document));
                    return {};
                },
                [](std::string_view what, const std::string&) { ADD_FAILURE() << what; })
            .value();
        return found;
    }

    static constexpr std::size_t ring_entries = 256;
    TemporaryDirectory directory_;
    RecorderOptions options_;
    Durability durability_;
    shm::Segment segment_ =
        shm::Segment::create_anonymous({.memory_bytes = 32ULL << 20, .ring_entries = ring_entries})
            .value();
    Grid grid_{segment_.view(),
               {.commit_memory = [](Offset, std::uint64_t) { return true; },
                .heavy_fence = [] { std::atomic_thread_fence(std::memory_order_seq_cst); },
                .collect_pins = [](std::vector<HeldPin>&) {},
                .kept_from = &durability_.kept_from},
               {}};
    std::optional<Recorder> recorder_;
    Records records_;
};

TEST_F(RecorderGap, StoreOlderThanTheRingIsWrittenFromTheRecords) {
    start(Store::open(options_.store).value());
    write("first");
    end();
    const std::string older = directory_ / "older";
    std::filesystem::copy(options_.store.directory, older,
                          std::filesystem::copy_options::recursive);
    start(std::nullopt);
    write("second");
    end();
    const Revision before = published();
    durability_.durable = 0;  // as in the next broker
    // As after damage to the log of the database: its latest changes are gone.
    std::filesystem::remove_all(options_.store.directory);
    std::filesystem::rename(older, options_.store.directory);

    start(std::nullopt);
    EXPECT_TRUE(eventually([&] { return durability_.durable.load() >= before; }, patience));
    end();
    EXPECT_EQ(stored(), records_);
}

TEST_F(RecorderGap, StoreThatHasEverythingIsNotWrittenAgainWhenTheRingIsEmpty) {
    start(Store::open(options_.store).value());
    write("first");
    end();
    grid_.compact();
    grid_.publish();
    {
        // A record that the grid does not have. A rewrite of all records would remove it.
        auto store = Store::open(options_.store).value();
        const Bytes document = document_from_json("1").value();
        store.put({.name = "mark", .document = document, .version = 1, .revision = 1});
        store.write(store.revision(), true).value();
    }
    records_["mark"] = "1";
    durability_.durable = 0;
    start(std::nullopt);
    EXPECT_TRUE(eventually([&] { return durability_.durable.load() >= published(); }, patience));
    end();
    EXPECT_EQ(stored(), records_);
}

/// A missed stop would sleep for an hour.
TEST_F(RecorderGap, StopIsNotMissedByAThreadThatIsAboutToSleep) {
    options_.idle = std::chrono::hours(1);
    options_.interval = std::chrono::hours(1);
    options_.policy = DurabilityPolicy::none;
    for (int round = 0; round < 50; ++round) {
        start(std::nullopt);
        end();
    }
}

}  // namespace
}  // namespace ringside::broker
