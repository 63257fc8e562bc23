#include "broker/engine/grid.hpp"

#include <gtest/gtest.h>

#include <set>

#include "broker/engine/lease.hpp"
#include "shm/ring/change_ring.hpp"
#include "tests/support/grid_harness.hpp"

namespace ringside::broker {
namespace {

using testing::GridHarness;
using wire::CommandKind;
using wire::ConditionKind;

TEST(Grid, ACommitIsSeenOnlyAfterItIsPublished) {
    GridHarness h;
    ASSERT_EQ(*h.commit({h.put("a", "1")}), 1U);
    EXPECT_FALSE(h.get("a"));
    EXPECT_NE(h.grid.publish(), 0U);
    EXPECT_EQ(h.get("a"), "1");
    EXPECT_EQ(h.segment.header().commit.published.load(), 1U);
    EXPECT_EQ(h.grid.publish(), 0U) << "nothing new";
}

TEST(Grid, ARevisionStaysReadableWhileItIsRetained) {
    GridHarness h;
    for (int i = 1; i <= 10; ++i) {
        ASSERT_TRUE(h.commit({h.put("a", std::to_string(i))}));
        h.grid.publish();
        h.grid.reclaim();
    }
    for (Revision r = 1; r <= 10; ++r) EXPECT_EQ(h.get("a", r), std::to_string(r));
}

TEST(Grid, VersionsCountFromTheRecordsCreation) {
    GridHarness h;
    ASSERT_TRUE(h.commit({h.put("a", "1")}));
    EXPECT_EQ(h.versions, std::vector<Version>{1});
    ASSERT_TRUE(h.commit({h.put("a", "2"), h.put("b", "1")}));
    EXPECT_EQ(h.versions, (std::vector<Version>{2, 1}));
    ASSERT_TRUE(h.commit({h.remove("a")}));
    EXPECT_EQ(h.versions, std::vector<Version>{3});
    ASSERT_TRUE(h.commit({h.put("a", "3")}));
    EXPECT_EQ(h.versions, std::vector<Version>{1});
}

TEST(Grid, ATransactionSharesARevisionAndSeesItsOwnWrites) {
    GridHarness h;
    const auto revision =
        h.commit({h.put("a", R"({"n":1})"), h.command(CommandKind::set_path, "a", "2", "/n"),
                  h.put("b", "true"), h.remove("b"), h.put("c", "3")});
    ASSERT_TRUE(revision);
    h.grid.publish();
    EXPECT_EQ(h.get("a"), R"({"n":2})");
    EXPECT_FALSE(h.get("b"));
    EXPECT_EQ(h.scan(*revision), (GridHarness::Model{{"a", R"({"n":2})"}, {"c", "3"}}));
    EXPECT_EQ(h.scan(*revision - 1), GridHarness::Model{});
    const shm::ChangeRingReader ring(h.segment.view());
    EXPECT_EQ(ring.head(), 5U);
    for (Position p = 0; p < 5; ++p) EXPECT_EQ(ring.read(p)->revision, *revision);
}

TEST(Grid, ARefusedTransactionLeavesNothingBehind) {
    GridHarness h;
    ASSERT_TRUE(h.commit({h.put("old", R"({"n":1})")}));
    h.grid.publish();
    auto last = h.put("old", "9");
    last.condition = ConditionKind::version;
    last.expected = 77;
    const auto refused =
        h.commit({h.put("new", "1"), h.command(CommandKind::set_path, "old", "2", "/n"),
                  h.put("old", "8"), h.remove("old"), last});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().error, Errc::condition_failed);
    EXPECT_EQ(refused.error().command, 4U);
    h.grid.publish();
    EXPECT_EQ(h.grid.published(), 1U);
    EXPECT_EQ(h.get("old"), R"({"n":1})");
    EXPECT_FALSE(h.get("new"));
    EXPECT_EQ(shm::ChangeRingReader(h.segment.view()).head(), 1U);

    // The next commit gets the revision of the refused one, whose remains must stay invisible.
    ASSERT_EQ(*h.commit({h.put("other", "1")}), 2U);
    h.grid.publish();
    EXPECT_EQ(h.scan(2), (GridHarness::Model{{"old", R"({"n":1})"}, {"other", "1"}}));
    ASSERT_TRUE(h.commit({h.put("new", "2")}));
    EXPECT_EQ(h.versions, std::vector<Version>{1});
    h.grid.publish();
    EXPECT_EQ(h.get("new"), "2");
    EXPECT_EQ(h.get("new", 2), std::nullopt);
}

TEST(Grid, ConditionsHoldOrTheWriteIsRefused) {
    GridHarness h;
    const auto conditional = [&](ConditionKind kind, std::uint64_t expected) {
        auto command = h.put("a", "1");
        command.condition = kind;
        command.expected = expected;
        return h.commit({command});
    };
    EXPECT_EQ(conditional(ConditionKind::version, 1).error().error, Errc::condition_failed);
    EXPECT_TRUE(conditional(ConditionKind::absent, 0));
    EXPECT_EQ(conditional(ConditionKind::absent, 0).error().error, Errc::condition_failed);
    EXPECT_EQ(conditional(ConditionKind::version, 2).error().error, Errc::condition_failed);
    EXPECT_TRUE(conditional(ConditionKind::version, 1));
    EXPECT_EQ(conditional(ConditionKind::revision, 1).error().error, Errc::condition_failed);
    EXPECT_TRUE(conditional(ConditionKind::revision, 2));
}

TEST(Grid, PatchesNeedARecordAndMergeMakesOne) {
    GridHarness h;
    EXPECT_EQ(h.commit({h.command(CommandKind::set_path, "a", "1", "/n")}).error().error,
              Errc::not_found);
    EXPECT_EQ(h.commit({h.command(CommandKind::json_patch, "a", "[]")}).error().error,
              Errc::not_found);
    EXPECT_EQ(h.commit({h.remove("a")}).error().error, Errc::not_found);
    ASSERT_TRUE(h.commit({h.command(CommandKind::merge, "a", R"({"x":{"y":1,"z":null}})")}));
    ASSERT_TRUE(h.commit(
        {h.command(CommandKind::json_patch, "a", R"([{"op":"add","path":"/l","value":[1]}])")}));
    h.grid.publish();
    EXPECT_EQ(h.get("a"), R"({"l":[1],"x":{"y":1}})");
}

TEST(Grid, MoreChangesThanATransactionMayHaveAreRefused) {
    GridHarness h;
    std::vector<Command> commands(h.grid.changes_max() + 1, h.put("a", "1"));
    EXPECT_EQ(h.commit(commands).error().error, Errc::transaction_too_large);
    commands.pop_back();
    EXPECT_TRUE(h.commit(commands));
    EXPECT_EQ(h.versions.back(), commands.size());
    EXPECT_EQ(h.commit({}).error().error, Errc::bad_request);
}

TEST(Grid, ManyLargeTransactionsInOneTurnDoNotLoseUnpublishedChanges) {
    GridHarness h;
    const std::vector<Command> commands(h.grid.changes_max(), h.put("a", "1"));
    const shm::ChangeRingReader ring(h.segment.view());
    Position followed = 0;
    const auto follow = [&] {
        for (; followed < ring.head(); ++followed) {
            const auto change = ring.read(followed);
            ASSERT_TRUE(change) << "lost: " << followed;
            ASSERT_EQ(change->revision, followed / h.grid.changes_max() + 1);
        }
    };
    for (int i = 0; i < 12; ++i) {
        ASSERT_TRUE(h.commit(commands));
        follow();
    }
    EXPECT_NE(h.grid.publish(), 0U);
    follow();
    EXPECT_EQ(followed, 12 * h.grid.changes_max());
    EXPECT_EQ(h.grid.published(), 12U);
}

TEST(Grid, RecordsExpireOnTimeAndNotWhenRewritten) {
    GridHarness h;
    h.at_ms(1000);
    auto with_ttl = h.put("a", "1");
    with_ttl.ttl_ms = 500;
    ASSERT_TRUE(h.commit({with_ttl}));
    with_ttl.name = "b";
    ASSERT_TRUE(h.commit({with_ttl}));
    with_ttl.name = "c";
    ASSERT_TRUE(h.commit({with_ttl}));
    EXPECT_EQ(h.grid.next_expiry_ms(), 1500U);
    ASSERT_TRUE(h.commit({h.put("b", "2")})) << "a put takes the time to live away";
    ASSERT_TRUE(h.commit({h.command(CommandKind::merge, "c", "{}")})) << "a merge keeps it";
    h.at_ms(1499);
    h.grid.expire_due(10);
    h.grid.publish();
    EXPECT_EQ(h.get("a"), "1");
    h.at_ms(1500);
    h.grid.expire_due(10);
    h.grid.publish();
    EXPECT_FALSE(h.get("a"));
    EXPECT_EQ(h.get("b"), "2");
    EXPECT_FALSE(h.get("c"));
    const shm::ChangeRingReader ring(h.segment.view());
    EXPECT_EQ(ring.read(ring.head() - 1)->kind, shm::ChangeKind::expire);
    EXPECT_EQ(ring.read(ring.head() - 1)->session, 0U);
}

TEST(Grid, AFullGridRefusesWritesAndDeletingMakesRoom) {
    GridHarness h({.memory_bytes = 8ULL << 20, .ring_entries = 1024});
    const std::string text = '"' + std::string(2000, 'x') + '"';
    std::size_t count = 0;
    for (;; ++count) {
        h.forget();
        const auto written = h.commit({h.put("record/" + std::to_string(count), text)});
        h.grid.publish();
        if (written) continue;
        ASSERT_EQ(written.error().error, Errc::grid_full);
        break;
    }
    EXPECT_GT(count, 1000U);
    EXPECT_EQ(h.scan(h.grid.published()).size(), count);
    EXPECT_EQ(h.get("record/0"), text);
    for (std::size_t i = 0; i < count / 2; ++i) {
        ASSERT_TRUE(h.commit({h.remove("record/" + std::to_string(i))})) << i;
        h.grid.publish();
    }
    for (std::size_t i = 0; i < count / 3; ++i) {
        h.forget();
        ASSERT_TRUE(h.commit({h.put("new/" + std::to_string(i), text)})) << i << " of " << count;
        h.grid.publish();
    }
}

TEST(Grid, AFullGridCanAlwaysDelete) {
    GridHarness h({.memory_bytes = 8ULL << 20, .ring_entries = 1024});
    std::set<std::string> names;
    std::size_t next = 0;
    const auto fill = [&] {
        for (int refused = 0; refused < 50; ++next) {
            h.forget();
            const std::string name = "f/" + std::to_string(next);
            const std::string text = '"' + std::string(10 + next * 37 % 300, 'y') + '"';
            if (h.commit({h.put(name, text)})) names.insert(name);
            else ++refused;
            h.grid.publish();
        }
    };
    fill();
    // A snapshot of the store keeps the memory of what is deleted.
    h.pins.push_back({.revision = 0, .owner = broker::HeldPin::Owner::store});
    while (!names.empty()) {
        h.forget();
        ASSERT_TRUE(h.commit({h.remove(*names.begin())})) << names.size();
        names.erase(names.begin());
        h.grid.publish();
    }
    h.pins.clear();
    fill();
    EXPECT_GT(names.size(), 1000U);
    while (!names.empty()) {
        h.forget();
        ASSERT_TRUE(h.commit({h.remove(*names.begin())})) << names.size();
        names.erase(names.begin());
        h.grid.publish();
    }
}

TEST(Grid, MemoryIsBackAtTheBaselineWhenEverythingIsGone) {
    GridHarness h;
    std::uint64_t baseline = 0;
    for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 700; ++i) {
            ASSERT_TRUE(h.commit({h.put("record/" + std::to_string(i), R"({"a":[1,2,3]})")}));
            h.grid.publish();
        }
        for (int i = 0; i < 700; ++i) {
            ASSERT_TRUE(h.commit(
                {h.command(CommandKind::set_path, "record/" + std::to_string(i), "7", "/a/0")}));
            auto refused = h.put("other/" + std::to_string(i), "1");
            auto failing = h.remove("nothing");
            ASSERT_FALSE(h.commit({refused, failing}));
            h.grid.publish();
            h.grid.reclaim();
        }
        for (int i = 0; i < 700; ++i) {
            ASSERT_TRUE(h.commit({h.remove("record/" + std::to_string(i))}));
            h.grid.publish();
        }
        h.forget();
        h.grid.compact();
        EXPECT_EQ(h.counters().records, 0U);
        EXPECT_EQ(h.counters().tombstones, 0U);
        EXPECT_EQ(h.counters().slots_used, 0U);
        EXPECT_EQ(h.counters().retired_blocks, 0U);
        // The record table keeps the size that the first round needed. Nothing else remains.
        if (round == 0) baseline = h.counters().heap_bytes_used;
        EXPECT_EQ(h.counters().heap_bytes_used, baseline);
    }
    EXPECT_EQ(baseline, h.counters().table_entries * sizeof(shm::Word));
}

TEST(Grid, APinKeepsItsRevisionReadable) {
    GridHarness h;
    ASSERT_TRUE(h.commit({h.put("a", "1"), h.put("b", "1")}));
    h.grid.publish();
    const Revision pinned = h.grid.published();
    const auto before = h.scan(pinned);
    h.pins.push_back({.session_index = 3, .slot = 0, .revision = pinned});
    for (int i = 0; i < 3000; ++i) {
        ASSERT_TRUE(h.commit({h.put("a", std::to_string(i))}));
        if (i == 5) {
            ASSERT_TRUE(h.commit({h.remove("b")}));
        }
        h.grid.publish();
        h.grid.reclaim();
    }
    h.grid.compact();
    EXPECT_EQ(h.scan(pinned), before);
    EXPECT_EQ(h.get("b", pinned), "1");
    h.pins.clear();
    h.grid.compact();
    EXPECT_EQ(h.counters().retired_blocks, 0U);
}

TEST(Grid, ARemovedRecordKeepsItsNameForReadersInOldNodesOfTheIndex) {
    GridHarness h;
    ASSERT_TRUE(h.commit({h.put("a", "1"), h.put("b", "1")}));
    ASSERT_TRUE(h.commit({h.remove("a")}));
    h.grid.publish();
    shm::NameIndexCursor reader(h.segment.view());
    reader.seek("");
    const auto ids = reader.next();
    ASSERT_EQ(ids.size(), 2U);
    const RecordId removed{ids[0]};
    h.pins.push_back({.session_index = 3, .slot = 0, .revision = h.grid.published()});
    h.grid.compact();
    ASSERT_EQ(h.counters().tombstones, 0U) << "the record is out of the index";
    const auto* block = shm::newest_of(h.segment.view(), removed);
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(block->name(), "a");
    EXPECT_TRUE(block->is_tombstone());
    h.pins.clear();
    h.grid.compact();
    EXPECT_EQ(shm::newest_of(h.segment.view(), removed), nullptr);
    EXPECT_EQ(h.counters().slots_used, 1U);
}

TEST(Grid, APinIsRevokedOnceItsLeaseIsOverAndItsMemoryIsUsedLast) {
    GridHarness h;
    h.at_ms(1000);
    ASSERT_TRUE(h.commit({h.put("a", "1")}));
    h.grid.publish();
    h.pins.push_back({.session_index = 3, .slot = 0, .revision = 1, .lease_ms = 2000});
    const auto churn = [&] {
        ASSERT_TRUE(h.commit({h.put("a", "2")}));
        h.grid.publish();
        h.grid.compact();
    };
    churn();
    const auto& revoked_below = h.segment.view().session(3).revoked_below;
    h.at_ms(3000);
    churn();
    EXPECT_EQ(revoked_below.load(), 0U);
    EXPECT_EQ(h.get("a", 1), "1");
    h.at_ms(3001);
    h.grid.reclaim();
    EXPECT_EQ(revoked_below.load(), 2U);
    EXPECT_EQ(h.get("a", 1), "1") << "memory is not short";
    EXPECT_GT(h.counters().retired_blocks, 0U) << "memory is not short";
    h.grid.compact();
    EXPECT_EQ(h.counters().retired_blocks, 0U);
}

/// A light reader leaves its fence to the engine: its pin may become visible only there.
TEST(Grid, APinThatBecomesVisibleAtTheFenceProtectsItsMemory) {
    GridHarness h;
    ASSERT_TRUE(h.commit({h.put("a", "1")}));
    h.grid.publish();
    const Revision pinned = h.grid.published();
    h.at_fence = [&] { h.pins.assign(1, {.session_index = 3, .slot = 0, .revision = pinned}); };
    ASSERT_TRUE(h.commit({h.put("a", "2")}));
    h.grid.publish();
    h.grid.compact();
    EXPECT_GT(h.counters().retired_blocks, 0U);
    h.at_fence = nullptr;
    h.pins.clear();
    h.grid.compact();
    EXPECT_EQ(h.counters().retired_blocks, 0U);
}

TEST(Grid, ChangesArePublishedBeforeTheyFillHalfOfTheRing) {
    GridHarness h({.memory_bytes = 16ULL << 20, .ring_entries = 64});
    const shm::ChangeRingReader ring(h.segment.view());
    for (Revision revision = 1; revision <= 200; ++revision) {
        ASSERT_TRUE(h.commit({h.put("a", std::to_string(revision))}));
        const Revision published = h.segment.header().commit.published.load();
        ASSERT_GE(published + 32, revision) << "unpublished changes use more than half";
    }
    h.grid.publish();
    EXPECT_EQ(h.get("a"), "200");
    EXPECT_LE(ring.head() - ring.tail(), 64U);
}

TEST(LeaseRegistry, PinThatKeepsNothingBackHasNoLease) {
    constexpr std::uint64_t later_ns = 3'600'000'000'000;
    int revoked = 0;
    LeaseRegistry leases([&](const HeldPin&) { ++revoked; });
    const std::vector<HeldPin> pins{{.session_index = 1, .slot = 0, .revision = 5}};
    leases.review(pins, 5, 9, 0);
    leases.review(pins, 5, 9, later_ns);
    EXPECT_EQ(revoked, 0) << "memory below its revision is free";
    leases.review(pins, 6, 9, later_ns);
    leases.review(pins, 6, 9, 2 * later_ns);
    EXPECT_EQ(revoked, 1);
    EXPECT_TRUE(leases.is_revoked(pins.front()));
}

TEST(Grid, AStuckPinCannotFillTheGrid) {
    GridHarness h({.memory_bytes = 8ULL << 20, .ring_entries = 1024});
    const std::string text = '"' + std::string(3000, 'x') + '"';
    ASSERT_TRUE(h.commit({h.put("a", text)}));
    h.grid.publish();
    h.pins.push_back({.session_index = 3, .slot = 0, .revision = 1, .lease_ms = 3'600'000});
    for (int i = 0; i < 10'000; ++i) {
        h.forget();
        ASSERT_TRUE(h.commit({h.put("a", text)})) << i;
        h.grid.publish();
    }
    EXPECT_GE(h.segment.view().session(3).revoked_below.load(), 2U);
}

TEST(Grid, RetentionKeepsToItsBudgets) {
    GridHarness by_count({.memory_bytes = 16ULL << 20, .ring_entries = 1024},
                         {.retain_entries = 10});
    GridHarness by_bytes({.memory_bytes = 16ULL << 20, .ring_entries = 1024},
                         {.retain_bytes = 4096});
    for (int i = 0; i < 1000; ++i) {
        for (GridHarness* h : {&by_count, &by_bytes}) {
            ASSERT_TRUE(h->commit({h->put("a", std::to_string(i))}));
            h->grid.publish();
            h->grid.reclaim();
        }
    }
    EXPECT_EQ(shm::ChangeRingReader(by_count.segment.view()).tail(), 990U);
    EXPECT_LE(by_bytes.counters().retired_bytes, 4096U + 64U);
    EXPECT_GT(by_bytes.counters().retired_bytes, 2048U);
}

TEST(Grid, SubjectsOfTheChangesAreGivenForWaking) {
    GridHarness h;
    ASSERT_TRUE(h.commit({h.put("event/1", "1")}));
    const std::uint32_t subjects = h.grid.publish();
    const auto hash = shm::RecordTableReader(h.segment.view()).hash("event/1");
    EXPECT_EQ(subjects,
              shm::name_bit(static_cast<std::uint32_t>(hash)) | shm::first_level_bit("event/9"));
}

TEST(Grid, TombstoneCoveredByARefusedCommitIsStillRemoved) {
    GridHarness harness;
    ASSERT_TRUE(harness.commit({harness.put("a", "1")}));
    ASSERT_TRUE(harness.commit({harness.remove("a")}));
    harness.grid.publish();
    // The second command reclaims memory everywhere, while the first one uses the tombstone.
    const std::string huge = '"' + std::string(15U << 20, 'x') + '"';
    const auto refused = harness.commit({harness.put("a", "2"), harness.put("b", huge)});
    ASSERT_FALSE(refused);
    ASSERT_EQ(refused.error().error, Errc::grid_full);
    ASSERT_TRUE(harness.commit({harness.put("c", "1")}));
    harness.grid.compact();
    harness.grid.compact();
    Survey survey(harness.segment.view());
    ASSERT_TRUE(survey.run());
    EXPECT_EQ(survey.tombstones, 0U);
    EXPECT_EQ(harness.counters().heap_bytes_used.load(), survey.bytes_reachable);
}

TEST(Grid, ATombstoneThatWasReplacedLongAgoIsNotWaitedForAgainWhenACommitIsRefused) {
    GridHarness h;
    ASSERT_TRUE(h.commit({h.put("a", "1")}));
    ASSERT_TRUE(h.commit({h.remove("a")}));
    ASSERT_TRUE(h.commit({h.put("a", "2"), h.put("d", "1")}));
    h.grid.publish();
    // Frees the old tombstone while a version of the same record is not yet settled.
    const std::string huge = '"' + std::string(15U << 20, 'x') + '"';
    ASSERT_FALSE(h.commit({h.put("a", "3"), h.put("b", huge)}));
    ASSERT_TRUE(h.commit({h.put("c", '"' + std::string(500, 'x') + '"')}));
    h.grid.publish();
    const Revision pinned = h.grid.published();
    h.pins.push_back({.session_index = 3, .slot = 0, .revision = pinned});
    ASSERT_TRUE(h.commit({h.remove("d")}));  // where the old tombstone was
    h.grid.publish();
    h.grid.compact();
    EXPECT_EQ(h.get("d", pinned), "1");
    EXPECT_EQ(h.scan(pinned).size(), 3U);
}

}  // namespace
}  // namespace ringside::broker
