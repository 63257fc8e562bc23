#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "broker/engine/expiry_queue.hpp"
#include "broker/engine/retirement.hpp"
#include "broker/session/in_doubt.hpp"
#include "tests/shm/document_support.hpp"
#include "tests/support/grid_harness.hpp"
#include "tests/support/seeded_test.hpp"

/// The broker's private memory for replaced blocks, expiry times and doubtful requests is bounded.
namespace ringside::broker {
namespace {

using shm::LimitKind;
using testing::GridHarness;

class ExpiryQueueTest : public testing::SeededTest {};

TEST_F(ExpiryQueueTest, AgreesWithASetOfTimesAndRecords) {
    auto random = this->random(0);
    ExpiryQueue queue;
    std::set<std::pair<std::uint64_t, std::uint32_t>> model;
    for (int step = 0; step < 200'000; ++step) {
        // Phases in which the queue grows, shrinks and is emptied.
        const bool grows = step / 20'000 % 2 == 0;
        const std::uint64_t expires_ms = (1ULL << 40) + random.below(4000);
        const auto record = static_cast<std::uint32_t>(random.below(8));
        if (random.below(8) < (grows ? 6U : 2U)) {
            if (model.emplace(expires_ms, record).second) queue.add(expires_ms, RecordId{record});
        } else if (!grows && random.one_in(2) && !model.empty()) {
            const auto [due_ms, due] = *model.begin();
            model.erase(model.begin());
            queue.remove(due_ms, RecordId{due});
        } else {
            model.erase({expires_ms, record});
            queue.remove(expires_ms, RecordId{record});
        }
        ASSERT_EQ(queue.size(), model.size());
        if (model.empty()) {
            ASSERT_EQ(queue.next_ms(), ExpiryQueue::never);
            continue;
        }
        ASSERT_EQ(queue.next_ms(), model.begin()->first);
        ASSERT_EQ(queue.next_record(), RecordId{model.begin()->second});
    }
}

TEST_F(ExpiryQueueTest, TakesFewBytesPerRecord) {
    constexpr std::uint32_t records = 100'000;
    ExpiryQueue ascending;
    ExpiryQueue scattered;
    auto random = this->random(0);
    for (std::uint32_t i = 0; i < records; ++i) {
        ascending.add(i / 10, RecordId{i});
        scattered.add(random.word() >> 20, RecordId{i});
    }
    EXPECT_LT(ascending.bytes(), records * 16);
    EXPECT_LT(scattered.bytes(), records * 28);
    for (std::uint32_t i = 0; i < records; ++i) {
        if (i % 1000 != 0) ascending.remove(i / 10, RecordId{i});
    }
    EXPECT_LT(ascending.bytes(), records) << "half-empty leaves must be joined";
    ascending.remove(5, RecordId{1});
    EXPECT_EQ(ascending.size(), records / 1000) << "an unknown entry is ignored";
}

/// Overwrites one record this many times, with a publication and a reclaim after each.
void overwrite(GridHarness& h, int times) {
    for (int i = 0; i < times; ++i) {
        ASSERT_TRUE(h.commit({h.put("a", "1")}));
        h.grid.publish();
        h.grid.reclaim();
        h.forget();
    }
}

TEST(Bookkeeping, PinThatHoldsTooManyBlocksIsRevokedAndTheHistoryStays) {
    constexpr std::uint64_t bytes_max = 512 * sizeof(Retired);
    GridHarness h({.memory_bytes = 16ULL << 20, .ring_entries = 64},
                  {.bookkeeping_bytes = bytes_max});
    overwrite(h, 10);
    h.pins.push_back({.session_index = 3,
                      .slot = 0,
                      .revision = h.grid.published(),
                      .lease_ms = limits::pin_lease_ms_max});
    overwrite(h, 400);
    EXPECT_EQ(h.counters().pins_revoked, 0U) << "below the limit";
    for (int round = 0; round < 20; ++round) {
        overwrite(h, 200);
        EXPECT_LE(h.counters().retired_blocks * sizeof(Retired), bytes_max);
    }
    EXPECT_EQ(h.counters().pins_revoked, 1U);
    const shm::ChangeRingReader ring(h.segment.view());
    EXPECT_GE(ring.head() - ring.tail(), 32U) << "the ring bounds its own history";
    const shm::LimitEntry& shown = h.counters().limit(LimitKind::bookkeeping_memory);
    EXPECT_EQ(shown.value, bytes_max);
    EXPECT_GT(shown.in_use, 0U);
    EXPECT_GT(shown.refused, 0U);
}

TEST(Bookkeeping, HistoryIsDroppedWhereItAloneExceedsTheLimit) {
    constexpr std::uint64_t bytes_max = 128 * sizeof(Retired);
    GridHarness h({.memory_bytes = 16ULL << 20, .ring_entries = 1024},
                  {.bookkeeping_bytes = bytes_max});
    for (int round = 0; round < 10; ++round) {
        overwrite(h, 100);
        EXPECT_LE(h.counters().retired_blocks * sizeof(Retired), bytes_max);
    }
}

TEST(Bookkeeping, RecordWithATimeToLiveIsRefusedWhenExpiryTimesUseTheirShare) {
    GridHarness h({.memory_bytes = 64ULL << 20, .ring_entries = 1024},
                  {.bookkeeping_bytes = 64U << 10});
    const auto put = [&](int record, std::uint64_t ttl_ms) {
        Command command = h.put("a/" + std::to_string(record), "1");
        command.ttl_ms = ttl_ms;
        const auto committed = h.commit({command});
        h.grid.publish();
        h.forget();
        return committed ? Errc::ok : committed.error().error.code;
    };
    int records = 0;
    while (put(records, 1000) == Errc::ok) ASSERT_LT(++records, 10'000);
    EXPECT_GT(records, 1000);
    EXPECT_EQ(put(records, 1000), Errc::records_limit);
    EXPECT_EQ(put(records, 0), Errc::ok) << "without a time to live";
    EXPECT_EQ(put(0, 2000), Errc::ok) << "a record that has one already";
    const shm::LimitEntry& shown = h.counters().limit(LimitKind::expiry_memory);
    EXPECT_EQ(shown.value, 32U << 10);
    EXPECT_GE(shown.in_use, shown.value);
    EXPECT_EQ(shown.refused, 2U);
    h.at_ms(3600'000);
    h.grid.expire_due(10'000);
    EXPECT_EQ(h.counters().limit(LimitKind::expiry_memory).in_use, 0U) << "given back";
    EXPECT_EQ(put(records + 1, 1000), Errc::ok);
}

TEST(Bookkeeping, ExpiryTimesOfAStoreDoNotCostPinsAndHistory) {
    constexpr std::uint64_t bytes_max = 64U << 10;
    GridHarness h({.memory_bytes = 64ULL << 20, .ring_entries = 64},
                  {.bookkeeping_bytes = bytes_max});
    const Bytes document = test::document("1");
    for (int i = 0; i < 20'000; ++i) {
        const std::string name = "stored/" + std::to_string(i);
        ASSERT_TRUE(h.grid.restore({.name = name,
                                    .document = document,
                                    .version = 1,
                                    .revision = 5,
                                    .expires_ms = 3600'000 + static_cast<std::uint64_t>(i),
                                    .updated_ns = 1}));
    }
    h.grid.finish_restore(10);
    h.pins.push_back({.session_index = 3,
                      .slot = 0,
                      .revision = h.grid.published(),
                      .lease_ms = limits::pin_lease_ms_max});
    overwrite(h, 100);
    const shm::LimitEntry& shown = h.counters().limit(LimitKind::expiry_memory);
    EXPECT_GT(shown.in_use, bytes_max) << "the store had more than the limit permits";
    EXPECT_EQ(h.counters().pins_revoked, 0U);
    const shm::ChangeRingReader ring(h.segment.view());
    EXPECT_GE(ring.head() - ring.tail(), 32U);
}

TEST(InDoubt, CommitsOfAnsweredRequestsAreDiscarded) {
    AppliedInLane applied;
    for (std::uint64_t number = 1; number <= 1000; ++number) {
        const auto first = static_cast<std::uint32_t>(applied.versions.size());
        applied.commits.push_back({number * 2, number + 100, first, 2});
        applied.versions.push_back(number);
        applied.versions.push_back(number + 1);
    }
    applied.discard_answered(1990);
    const InDoubt doubt(std::move(applied), 1998, 2001, false);
    EXPECT_LE(doubt.bytes(), 6 * (sizeof(Applied) + 2 * sizeof(Version)));
    const Applied* found = doubt.find(1994);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->revision, 1097U);
    const auto versions = doubt.versions_of(*found);
    EXPECT_EQ(std::vector<Version>(versions.begin(), versions.end()),
              (std::vector<Version>{997, 998}));
    EXPECT_EQ(doubt.fate_of(1991), InDoubt::Fate::not_applied)
        << "the last answered one shows how far the ring reaches back";
    EXPECT_EQ(doubt.fate_of(2000), InDoubt::Fate::applied);
    EXPECT_TRUE(doubt.had_its_turn(2000));
    EXPECT_FALSE(doubt.had_its_turn(2001));
}

TEST(InDoubt, NothingIsDiscardedWhereNothingWasAnswered) {
    AppliedInLane applied{{{5, 9, 0, 1}, {6, 10, 1, 1}}, {1, 2}};
    applied.discard_answered(4);
    EXPECT_EQ(applied.commits.size(), 2U);
    applied.discard_answered(5);
    EXPECT_EQ(applied.commits.size(), 2U);
    EXPECT_EQ(applied.versions.size(), 2U);
}

}  // namespace
}  // namespace ringside::broker
