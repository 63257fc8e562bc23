#include "tests/kafka/applier_test.hpp"

namespace ringside::testing {
namespace {

TEST(Applier, AppliesMessagesAndThePositionTogether) {
    const TestGrid grid;
    TestApplier one(grid);

    for (int i = 0; i < 10; ++i) one.merge(i);
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(one.grid_position(), 10);
    EXPECT_EQ(one.json("seat/A"), R"({"n":9})");
    EXPECT_EQ(one.version("seat/A"), 10);
    EXPECT_EQ(one.counters.messages, 10);
    EXPECT_EQ(one.counters.commits, 1);
    const auto position = one.client.get(TestApplier::position).value();
    const auto seat = one.client.get("seat/A").value();
    EXPECT_EQ(position.revision(), seat.revision());
}

TEST(Applier, SendsFullBatchesBeforeTheyAreAnswered) {
    const TestGrid grid;
    TestApplier one(grid, {.batch_messages = 3});

    for (int i = 0; i < 10; ++i) one.merge(i);
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(one.counters.commits, 4);
    EXPECT_EQ(one.version("seat/A"), 10);
    EXPECT_EQ(one.grid_position(), 10);
}

TEST(Applier, ABatchEndsAtItsBytes) {
    const TestGrid grid;
    TestApplier one(grid, {.batch_bytes = 100});

    for (int i = 0; i < 10; ++i) one.merge(i);
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(one.counters.commits, 4);
}

TEST(Applier, ContinuesWhereAnotherApplierHasEnded) {
    const TestGrid grid;
    {
        TestApplier one(grid);
        for (int i = 0; i < 5; ++i) one.merge(i);
        ASSERT_TRUE(one.settle());
    }
    TestApplier two(grid);

    for (int i = 3; i < 8; ++i) two.merge(i);
    ASSERT_TRUE(two.settle());

    EXPECT_EQ(two.counters.duplicates, 2);
    EXPECT_EQ(two.counters.messages, 3);
    EXPECT_EQ(two.version("seat/A"), 8);
    EXPECT_EQ(two.grid_position(), 8);
}

TEST(Applier, GapsBetweenOffsetsAreSkipped) {
    const TestGrid grid;
    TestApplier one(grid);

    one.merge(5);
    one.merge(100);
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(one.grid_position(), 101);
}

TEST(Applier, EndOfAPartitionMovesThePositionPastNonMessages) {
    const TestGrid grid;
    TestApplier one(grid);

    one.merge(0);
    one.applier.meet_end(one.feed, 5);
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(one.grid_position(), 5);
    EXPECT_TRUE(one.feed->has_met_end);
}

TEST(Applier, TheEndOfAPartitionWithoutMessagesMakesAPosition) {
    const TestGrid grid;
    TestApplier one(grid);

    one.applier.meet_end(one.feed, 0);
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(one.grid_position(), 0);
}

TEST(Applier, GivesMessagesBackWhenTheyAreApplied) {
    const TestGrid grid;
    TestApplier one(grid, {.batch_messages = 2});

    for (int i = 0; i < 5; ++i) one.merge(i);
    EXPECT_GT(MadeMessage::kept, 0);
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(MadeMessage::kept, 0);
}

TEST(Applier, TwoOwnersOfAPartitionApplyEachMessageOnce) {
    const TestGrid grid;
    TestApplier one(grid, {.batch_messages = 4});
    TestApplier two(grid, {.batch_messages = 7});

    for (int round = 0; round < 20; ++round) {
        for (int i = 10 * round; i < 10 * round + 10; ++i) one.merge(i);
        for (int i = 10 * round; i < 10 * round + 10; ++i) two.merge(i);
        while (!one.settle()) {
        }
        while (!two.settle()) {
        }
    }

    EXPECT_EQ(one.version("seat/A"), 200);
    EXPECT_EQ(one.grid_position(), 200);
    EXPECT_EQ(one.json("seat/A"), R"({"n":199})");
}

TEST(Applier, AZombieWhoseBatchesAreUnderWayChangesNothing) {
    const TestGrid grid;
    TestApplier zombie(grid, {.batch_messages = 100});
    for (int i = 0; i < 50; ++i) zombie.merge(i);  // taken, not sent
    TestApplier other(grid, {.batch_messages = 10});
    for (int i = 0; i < 80; ++i) other.merge(i);
    ASSERT_TRUE(other.settle());

    ASSERT_TRUE(zombie.settle());
    for (int i = 50; i < 90; ++i) zombie.merge(i);
    ASSERT_TRUE(zombie.settle());

    EXPECT_EQ(other.version("seat/A"), 90);
    EXPECT_EQ(other.grid_position(), 90);
}

TEST(Applier, BatchesBehindOneThatAnotherHasOvertakenAreNotAppliedOutOfOrder) {
    const TestGrid grid;
    TestApplier two(grid, {.batch_messages = 5});
    two.applier.meet_end(two.feed, 0);
    ASSERT_TRUE(two.settle());
    TestApplier one(grid, {.batch_messages = 10});
    // Another applier has applied the first five alone: the position has the version that the
    // second batch would find after the first.
    for (int i = 0; i < 5; ++i) two.merge(i);
    ASSERT_TRUE(two.settle());

    for (int i = 0; i < 30; ++i) one.merge(i);
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(one.version("seat/A"), 30);
    EXPECT_EQ(one.grid_position(), 30);
}

TEST(Applier, APositionThatWasSetBackIsFollowed) {
    const TestGrid grid;
    TestApplier one(grid);
    for (int i = 0; i < 10; ++i) one.merge(i);
    ASSERT_TRUE(one.settle());
    one.client.put(TestApplier::position, R"({"offset":4})").value();

    one.merge(10);
    ASSERT_TRUE(one.settle());
    EXPECT_EQ(one.repositioned, std::vector<std::int64_t>{4});
    for (int i = 4; i < 12; ++i) one.merge(i);
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(one.version("seat/A"), 18);
    EXPECT_EQ(one.grid_position(), 12);
}

TEST(Applier, AResetForgetsTheEndAndMovesThePositionFirst) {
    const TestGrid grid;
    TestApplier one(grid);
    for (int i = 0; i < 10; ++i) one.merge(i);
    one.applier.meet_end(one.feed, 10);
    ASSERT_TRUE(one.settle());

    ASSERT_TRUE(one.applier.reset(one.feed, 3));

    EXPECT_EQ(one.grid_position(), 3);
    EXPECT_FALSE(one.feed->has_met_end);
    for (int i = 3; i < 5; ++i) one.merge(i);
    ASSERT_TRUE(one.settle());
    EXPECT_EQ(one.grid_position(), 5);
    EXPECT_EQ(one.version("seat/A"), 12);
}

TEST(Applier, ResetOfAPartitionMovedByAnotherApplierDoesNothing) {
    const TestGrid grid;
    TestApplier one(grid);
    for (int i = 0; i < 10; ++i) one.merge(i);
    ASSERT_TRUE(one.settle());
    one.client.put(TestApplier::position, R"({"offset":50})").value();

    EXPECT_FALSE(one.applier.reset(one.feed, 0));
    ASSERT_TRUE(one.applier.recover());

    EXPECT_EQ(one.grid_position(), 50);
    EXPECT_EQ(one.feed->next, 50);
}

TEST(Applier, RecreatedPartitionIsAppliedFromBelowItsPosition) {
    const TestGrid grid;
    Client::attach({.grid = grid.name()})->put(TestApplier::position, R"({"offset":1000})").value();
    TestApplier one(grid, {.batch_messages = 4});
    ASSERT_TRUE(one.applier.reset(one.feed, 0));

    one.take(0, R"({"op":"patch","id":"none","doc":[]})");
    for (int i = 1; i < 11; ++i) one.merge(i);
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(one.refusals.refused.size(), 1);
    EXPECT_EQ(one.version("seat/A"), 10);
    EXPECT_EQ(one.grid_position(), 11);
    EXPECT_TRUE(one.repositioned.empty());
}

TEST(Applier, RemovedPositionStartsFromTheBeginning) {
    const TestGrid grid;
    TestApplier one(grid);
    one.merge(0);
    ASSERT_TRUE(one.settle());
    one.client.remove(TestApplier::position).value();

    one.merge(1);
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(one.repositioned, std::vector<std::int64_t>{0});
    EXPECT_EQ(one.grid_position(), std::nullopt);
}

TEST(Applier, ARecordThatIsNoPositionHoldsThePartition) {
    const TestGrid grid;
    TestApplier one(grid);
    one.merge(0);
    ASSERT_TRUE(one.settle());
    one.client.put(TestApplier::position, R"("mine")").value();

    one.merge(1);
    const auto settled = one.settle();
    ASSERT_FALSE(settled);
    EXPECT_EQ(settled.error(), Errc::bad_document);
    EXPECT_EQ(one.version("seat/A"), 1);

    one.client.put(TestApplier::position, R"({"offset":1})").value();
    ASSERT_TRUE(one.applier.recover());
    ASSERT_EQ(one.repositioned, std::vector<std::int64_t>{1});
    one.merge(1);
    ASSERT_TRUE(one.settle());
    EXPECT_EQ(one.version("seat/A"), 2);
}

TEST(Applier, KilledBrokerChangesNoResult) {
    TestGrid grid;
    TestApplier one(grid, {.batch_messages = 5});
    for (int i = 0; i < 20; ++i) one.merge(i);
    grid.kill_broker();
    for (int i = 20; i < 40; ++i) one.merge(i);
    grid.start();

    EXPECT_TRUE(eventually([&] { return bool(one.settle()) && !one.applier.is_disturbed(); }));

    EXPECT_EQ(one.version("seat/A"), 40);
    EXPECT_EQ(one.grid_position(), 40);
}

TEST(Applier, RecreatedGridGetsItsMessagesAgain) {
    TestGrid grid;
    TestApplier one(grid, {.batch_messages = 5});
    for (int i = 0; i < 20; ++i) one.merge(i);
    ASSERT_TRUE(one.settle());
    grid.lose();
    grid.start();

    one.merge(20);
    EXPECT_TRUE(eventually([&] { return bool(one.settle()) && !one.applier.is_disturbed(); }));
    ASSERT_EQ(one.repositioned, std::vector<std::int64_t>{0});
    for (int i = 0; i < 21; ++i) one.merge(i);
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(one.version("seat/A"), 21);
    EXPECT_EQ(one.grid_position(), 21);
}

}  // namespace
}  // namespace ringside::testing
