// Positions of replaced topics: the same offsets stand for other messages, in another run.

#include "tests/kafka/applier_test.hpp"

namespace ringside::testing {
namespace {

/// A grid in which the partition has a position.
struct PositionedGrid : TestGrid {
    explicit PositionedGrid(const char* position) {
        Client::attach({.grid = name()})->put(TestApplier::position, position).value();
    }
};

/// A partition whose topic is replaced while an applier is suspended.
class ApplierRun : public ::testing::Test {
protected:
    static void merge(TestApplier& applier, int from, int to, const std::string& id) {
        for (int i = from; i < to; ++i) applier.merge(i, id);
    }
    static void apply(TestApplier& applier, int from, int to, const std::string& id) {
        merge(applier, from, to, id);
        ASSERT_TRUE(applier.settle());
    }
    /// Another process applies the old messages up to 30, replaces the topic, and applies the new
    /// messages up to an offset.
    void replace_topic(int to) {
        apply(other_, 10, 30, "old");
        ASSERT_TRUE(other_.applier.reset(other_.feed, 0));
        apply(other_, 0, to, "new");
        ASSERT_EQ(other_.version("seat/new"), to);
    }
    /// Expects that the suspended applier applies messages of the new topic only, from an offset.
    void expect_to_continue_in_new_topic(int from) {
        EXPECT_EQ(suspended_.version("seat/old"), 20);
        EXPECT_EQ(suspended_.version("seat/new"), from);
        EXPECT_EQ(suspended_.grid_position(), from);
        EXPECT_EQ(suspended_.repositioned, std::vector<std::int64_t>{from});
        apply(suspended_, from, from + 5, "new");
        EXPECT_EQ(suspended_.version("seat/new"), from + 5);
        EXPECT_EQ(suspended_.grid_position(), from + 5);
        EXPECT_EQ(suspended_.grid_run(), other_.feed->run);
    }

    const PositionedGrid grid_{R"({"offset":10,"run":"0123456789abcdef"})"};
    TestApplier suspended_{grid_};
    TestApplier other_{grid_};
};

TEST_F(ApplierRun, BatchOfAReplacedTopicIsRefusedAtItsOwnOffset) {
    merge(suspended_, 10, 15, "old");
    replace_topic(10);

    ASSERT_TRUE(suspended_.settle());

    expect_to_continue_in_new_topic(10);
}

TEST_F(ApplierRun, MessagesOfAReplacedTopicBeyondThePositionAreForgotten) {
    merge(suspended_, 10, 15, "old");
    replace_topic(12);

    ASSERT_TRUE(suspended_.settle());

    expect_to_continue_in_new_topic(12);
}

TEST_F(ApplierRun, QueuedMessagesOfAReplacedTopicAreForgottenAtTheSameOffset) {
    replace_topic(10);

    suspended_.applier.compare_positions();
    ASSERT_TRUE(suspended_.applier.is_disturbed());
    merge(suspended_, 10, 15, "old");
    ASSERT_TRUE(suspended_.settle());

    expect_to_continue_in_new_topic(10);
}

TEST_F(ApplierRun, QueuedMessagesOfAReplacedTopicAreForgottenBeyondThePosition) {
    replace_topic(12);

    suspended_.applier.compare_positions();
    ASSERT_TRUE(suspended_.applier.is_disturbed());
    merge(suspended_, 12, 15, "old");
    ASSERT_TRUE(suspended_.settle());

    expect_to_continue_in_new_topic(12);
}

TEST_F(ApplierRun, BatchesUnderWayBehindARefusedOneAreForgotten) {
    TestApplier suspended(grid_, {.batch_messages = 2});
    replace_topic(12);

    apply(suspended, 10, 19, "old");

    EXPECT_EQ(suspended.version("seat/old"), 20);
    EXPECT_EQ(suspended.grid_position(), 12);
    EXPECT_EQ(suspended.repositioned, std::vector<std::int64_t>{12});
}

TEST_F(ApplierRun, EndOfAReplacedTopicIsForgotten) {
    replace_topic(10);

    suspended_.applier.meet_end(suspended_.feed, 100);
    ASSERT_TRUE(suspended_.settle());

    EXPECT_FALSE(suspended_.feed->has_met_end);
    expect_to_continue_in_new_topic(10);
}

TEST_F(ApplierRun, ResetOfAPositionThatAnotherHasResetDoesNothing) {
    replace_topic(10);

    EXPECT_FALSE(suspended_.applier.reset(suspended_.feed, 0));
    ASSERT_TRUE(suspended_.applier.recover());

    expect_to_continue_in_new_topic(10);
}

TEST_F(ApplierRun, StepsKeepTheRunAndResetsDrawAnother) {
    const auto before = other_.grid_run();
    ASSERT_TRUE(before);

    apply(other_, 10, 20, "old");
    EXPECT_EQ(other_.grid_run(), before);
    ASSERT_TRUE(other_.applier.reset(other_.feed, 20));

    EXPECT_TRUE(other_.grid_run());
    EXPECT_NE(other_.grid_run(), before);
}

TEST_F(ApplierRun, PositionAdvancedWithinItsRunKeepsLaterMessages) {
    merge(suspended_, 10, 40, "old");
    apply(other_, 10, 30, "old");

    ASSERT_TRUE(suspended_.settle());

    EXPECT_TRUE(suspended_.repositioned.empty());
    EXPECT_EQ(suspended_.version("seat/old"), 30);
    EXPECT_EQ(suspended_.grid_position(), 40);
}

TEST_F(ApplierRun, RemovedPositionIsRecreatedInAnotherRun) {
    const auto before = other_.grid_run();
    other_.client.remove(TestApplier::position).value();
    other_.applier.compare_positions();
    ASSERT_TRUE(other_.applier.recover());

    apply(other_, 0, 10, "new");

    EXPECT_TRUE(other_.grid_run());
    EXPECT_NE(other_.grid_run(), before);
}

TEST_F(ApplierRun, PositionWithoutARunAtTheSameOffsetIsFollowed) {
    suspended_.client.put(TestApplier::position, R"({"offset":10})").value();
    merge(suspended_, 10, 15, "old");

    ASSERT_TRUE(suspended_.settle());

    EXPECT_EQ(suspended_.repositioned, std::vector<std::int64_t>{10});
    EXPECT_EQ(suspended_.version("seat/old"), 0);
}

/// The first messages of a partition, taken before its position exists.
TEST(ApplierRuns, FirstBatchOfAReplacedTopicIsForgotten) {
    const TestGrid grid;
    TestApplier suspended(grid);
    for (int i = 0; i < 10; ++i) suspended.merge(i, "old");
    TestApplier other(grid);
    for (int i = 0; i < 20; ++i) other.merge(i, "old");
    ASSERT_TRUE(other.settle());
    ASSERT_TRUE(other.applier.reset(other.feed, 0));
    for (int i = 0; i < 5; ++i) other.merge(i, "new");
    ASSERT_TRUE(other.settle());

    ASSERT_TRUE(suspended.settle());

    EXPECT_EQ(suspended.version("seat/old"), 20);
    EXPECT_EQ(suspended.grid_position(), 5);
    EXPECT_EQ(suspended.repositioned, std::vector<std::int64_t>{5});
}

/// Records of earlier releases, or written by an operator.
class PositionWithoutARun : public ::testing::Test {
protected:
    const PositionedGrid grid_{R"({"offset":10})"};
};

TEST_F(PositionWithoutARun, GetsARunWithTheNextStep) {
    TestApplier one(grid_, {.batch_messages = 2});
    EXPECT_FALSE(one.grid_run());

    for (int i = 10; i < 20; ++i) one.merge(i);
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(one.counters.commits, 5);
    EXPECT_EQ(one.counters.retries, 0);
    EXPECT_EQ(one.version("seat/A"), 10);
    EXPECT_EQ(one.grid_position(), 20);
    EXPECT_EQ(one.grid_run(), one.feed->run);
}

TEST_F(PositionWithoutARun, IsUnchangedWithoutAStep) {
    TestApplier one(grid_);

    one.applier.compare_positions();
    one.applier.meet_end(one.feed, 10);
    ASSERT_TRUE(one.settle());

    EXPECT_FALSE(one.applier.is_disturbed());
    EXPECT_EQ(one.json(TestApplier::position), R"({"offset":10})");
}

TEST_F(PositionWithoutARun, RefusedMessagesAmongTheFirstCostNoOther) {
    TestApplier one(grid_);

    one.merge(10);
    one.take(11, R"({"op":"patch","id":"none","doc":[]})");
    one.merge(12);
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(one.refusals.refused.size(), 1);
    EXPECT_EQ(one.version("seat/A"), 2);
    EXPECT_EQ(one.grid_position(), 13);
    EXPECT_TRUE(one.repositioned.empty());
}

TEST_F(PositionWithoutARun, BatchOfAReplacedTopicIsRefusedAtItsOwnOffset) {
    TestApplier suspended(grid_);
    for (int i = 10; i < 15; ++i) suspended.merge(i, "old");
    TestApplier other(grid_);
    ASSERT_TRUE(other.applier.reset(other.feed, 0));
    for (int i = 0; i < 10; ++i) other.merge(i, "new");
    ASSERT_TRUE(other.settle());

    ASSERT_TRUE(suspended.settle());

    EXPECT_EQ(suspended.version("seat/old"), 0);
    EXPECT_EQ(suspended.grid_position(), 10);
    EXPECT_EQ(suspended.repositioned, std::vector<std::int64_t>{10});
}

TEST_F(PositionWithoutARun, StepOfAnEarlierReleaseIsFollowed) {
    TestApplier one(grid_);
    one.client
        .json_patch(TestApplier::position,
                    R"([{"op":"test","path":"/offset","value":10},
                        {"op":"replace","path":"/offset","value":15}])")
        .value();
    for (int i = 10; i < 20; ++i) one.merge(i);

    ASSERT_TRUE(one.settle());
    ASSERT_EQ(one.repositioned, std::vector<std::int64_t>{15});
    for (int i = 15; i < 20; ++i) one.merge(i);
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(one.version("seat/A"), 5);
    EXPECT_EQ(one.grid_position(), 20);
}

}  // namespace
}  // namespace ringside::testing
