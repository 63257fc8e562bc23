#include <thread>

#include "tests/kafka/applier_test.hpp"

namespace ringside::testing {
namespace {

struct RefusedCase {
    const char* what;
    const char* value;
    Errc why;
};

class ApplierRefusal : public ::testing::TestWithParam<RefusedCase> {};

/// A message that is refused among twenty others.
TEST_P(ApplierRefusal, OnlyTheRefusedMessageIsOmitted) {
    const TestGrid grid;
    TestApplier one(grid, {.batch_messages = 8});

    for (int i = 0; i < 10; ++i) one.merge(i);
    one.take(10, GetParam().value);
    for (int i = 11; i < 21; ++i) one.merge(i);
    ASSERT_TRUE(one.settle());

    ASSERT_EQ(one.refusals.refused.size(), 1);
    EXPECT_EQ(one.refusals.refused[0].offset, 10);
    EXPECT_EQ(one.refusals.refused[0].why, GetParam().why);
    EXPECT_EQ(one.version("seat/A"), 20);
    EXPECT_EQ(one.json("seat/A"), R"({"n":20})");
    EXPECT_EQ(one.grid_position(), 21);
    EXPECT_EQ(one.counters.dead_letters, 1);
    EXPECT_EQ(one.counters.messages, 21);
    EXPECT_EQ(MadeMessage::kept, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, ApplierRefusal,
    ::testing::Values(
        RefusedCase{"NoJson", "no json", Errc::bad_json},
        RefusedCase{"PatchOfNothing",
                    R"({"op":"patch","id":"none","doc":[{"op":"add","path":"/a","value":1}]})",
                    Errc::not_found},
        RefusedCase{"PatchOfNoPlace",
                    R"({"op":"patch","id":"A","doc":[{"op":"replace","path":"/x","value":1}]})",
                    Errc::path_not_found},
        RefusedCase{"TestThatFails",
                    R"({"op":"patch","id":"A","doc":[{"op":"test","path":"/n","value":-1}]})",
                    Errc::test_failed},
        RefusedCase{"NoPatch", R"({"op":"patch","id":"A","doc":{"a":1}})", Errc::bad_patch}),
    [](const auto& one) { return one.param.what; });

TEST(ApplierRefusals, RemovalOfARecordThatIsNotThereIsApplied) {
    const TestGrid grid;
    TestApplier one(grid);

    one.merge(0);
    one.take(1, R"({"op":"remove","id":"none"})");
    one.merge(2);
    ASSERT_TRUE(one.settle());

    EXPECT_TRUE(one.refusals.refused.empty());
    EXPECT_EQ(one.version("seat/A"), 2);
    EXPECT_EQ(one.grid_position(), 3);
}

TEST(ApplierRefusals, MessageThatRemovesAMissingRecordAppliesItsOtherWrites) {
    const TestGrid grid;
    TestApplier one(grid);
    one.mapper = mapper_of(R"(
        [[rule]]
        record = "seat/{id}"
        document = "doc"
        [[rule]]
        record = "free/{id}"
        operation = "remove"
    )");

    one.take(0, R"({"id":"A","doc":{"n":1}})");
    ASSERT_TRUE(one.settle());

    EXPECT_TRUE(one.refusals.refused.empty());
    EXPECT_EQ(one.json("seat/A"), R"({"n":1})");
    EXPECT_EQ(one.grid_position(), 1);
}

TEST(ApplierRefusals, ARemovalIsNotLeftOutOfWhatItsMessageHasWrittenBefore) {
    const TestGrid grid;
    TestApplier one(grid);
    one.mapper = mapper_of(R"(
        [[rule]]
        record = "held/{id}"
        document = "doc"
        [[rule]]
        record = "held/{id}"
        operation = "remove"
        [[rule]]
        record = "free/{id}"
        operation = "remove"
    )");

    one.take(0, R"({"id":"A","doc":{"n":1}})");
    ASSERT_TRUE(one.settle());

    EXPECT_TRUE(one.refusals.refused.empty());
    EXPECT_EQ(one.json("held/A"), "none");
    EXPECT_EQ(one.grid_position(), 1);
}

TEST(ApplierRefusals, ARecordThatVanishesMeanwhileRefusesNoRemoval) {
    const TestGrid grid;
    TestApplier one(grid, {.batch_messages = 1});
    std::jthread other([&](const std::stop_token& stop) {
        auto client = Client::attach({.grid = grid.name()}).value();
        while (!stop.stop_requested()) {
            static_cast<void>(client.put("seat/A", "1"));
            static_cast<void>(client.remove("seat/A"));
        }
    });

    for (int i = 0; i < 3000; ++i) {
        one.take(i, R"({"op":"remove","id":"A"})");
        ASSERT_TRUE(one.settle());
    }

    EXPECT_EQ(one.refusals.refused.size(), 0);
    EXPECT_EQ(one.grid_position(), 3000);
}

TEST(ApplierRefusals, PatchOfAMissingRecordIsRefusedEvenIfRemovalsAreOptional) {
    const TestGrid grid;
    TestApplier one(grid);
    one.mapper = mapper_of(R"(
        [[rule]]
        record = "seat/{id}"
        operation = "json_patch"
        document = "doc"
        [[rule]]
        record = "seat/{id}"
        operation = "remove"
    )");

    one.take(0, R"({"id":"A","doc":[]})");
    ASSERT_TRUE(one.settle());

    ASSERT_EQ(one.refusals.refused.size(), 1);
    EXPECT_EQ(one.refusals.refused[0].why, Errc::not_found);
    EXPECT_EQ(one.grid_position(), 1);
}

TEST(ApplierRefusals, EveryMessageMayBeRefused) {
    const TestGrid grid;
    TestApplier one(grid, {.batch_messages = 8});

    for (int i = 0; i < 20; ++i) one.take(i, R"({"op":"patch","id":"A","doc":1})");
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(one.refusals.refused.size(), 20);
    EXPECT_EQ(one.grid_position(), 20);
}

TEST(ApplierRefusals, MandatoryMessageStopsAllLaterMessages) {
    const TestGrid grid;
    TestApplier one(grid);
    one.refusals.stops = true;

    for (int i = 0; i < 5; ++i) one.merge(i);
    one.take(5, "no json");
    one.merge(6);
    ASSERT_TRUE(one.settle());

    ASSERT_TRUE(one.applier.failure());
    EXPECT_EQ(one.applier.failure()->code, Errc::bad_json);
    EXPECT_EQ(one.applier.failure()->detail, "seats [0] offset 5: stopped");
    EXPECT_EQ(one.version("seat/A"), 5);
    EXPECT_EQ(one.grid_position(), 5);
}

TEST(ApplierRefusals, RefusalByTheGridStopsAllLaterMessages) {
    const TestGrid grid;
    TestApplier one(grid);
    one.refusals.stops = true;

    for (int i = 0; i < 5; ++i) one.merge(i);
    one.take(5, R"({"op":"patch","id":"none","doc":[]})");
    one.merge(6);
    EXPECT_FALSE(one.settle());

    ASSERT_TRUE(one.applier.failure());
    EXPECT_EQ(one.grid_position(), 5);
    EXPECT_EQ(one.version("seat/A"), 5);
}

TEST(ApplierRefusals, ThePositionWaitsUntilTheRefusedAreSettled) {
    const TestGrid grid;
    TestApplier one(grid);
    one.refusals.settles = false;

    one.merge(0);
    one.take(1, "no json");
    one.merge(2);
    EXPECT_FALSE(one.settle());
    EXPECT_EQ(one.grid_position(), 1);

    one.refusals.settles = true;
    ASSERT_TRUE(one.applier.recover());
    EXPECT_EQ(one.grid_position(), 3);
    EXPECT_EQ(one.version("seat/A"), 2);
}

TEST(ApplierRefusals, BatchesOfMoreChangesThanACommitMayHaveBecomeSmaller) {
    const TestGrid grid({"--memory", "64MiB", "--ring-entries", "1024"});
    TestApplier one(grid, {.batch_messages = 2000});

    for (int i = 0; i < 5000; ++i) one.merge(i);
    ASSERT_TRUE(one.settle());

    EXPECT_TRUE(one.refusals.refused.empty());
    EXPECT_EQ(one.version("seat/A"), 5000);
    EXPECT_EQ(one.grid_position(), 5000);
}

TEST(ApplierRefusals, BatchesOfOtherPartitionsAreUnchanged) {
    const TestGrid grid({"--memory", "64MiB", "--ring-entries", "1024"});
    TestApplier one(grid, {.batch_messages = 2000});
    kafka::Mapper skipping = mapper_of(R"(
        [[rule]]
        when = [{ field = "op", equals = "none" }]
        record = "none"
    )");
    const FeedPointer other = one.applier.open("seats", 1, "kafka/test/seats/1", skipping, false);
    for (int i = 0; i < 2000; ++i) one.merge(i);
    ASSERT_TRUE(one.settle());
    const auto before = one.counters.commits;

    for (int i = 0; i < 2000; ++i) {
        one.applier.take(other, MadeMessage::keep(i, R"({"op":"other"})"));
    }
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(one.counters.commits, before + 1);
}

TEST(ApplierRefusals, RepeatedMessagesKeepToTheBytesOfABatch) {
    const TestGrid grid;
    TestApplier one(grid, {.batch_messages = 8, .batch_bytes = 1000});

    one.take(0, R"({"op":"patch","id":"none","doc":[]})");
    for (int i = 1; i < 40; ++i) {
        one.take(i, R"({"op":"put","id":"A","doc":{"t":")" + std::string(900, 'x') + "\"}}");
    }
    ASSERT_TRUE(one.settle());

    EXPECT_EQ(one.refusals.refused.size(), 1);
    EXPECT_EQ(one.grid_position(), 40);
    EXPECT_GE(one.counters.commits, 39);
}

TEST(ApplierRefusals, AFullGridIsWaitedFor) {
    const TestGrid grid({"--memory", "8MiB"});
    TestApplier one(grid);
    const std::string filling(100'000, 'x');
    int filled = 0;
    while (one.client.put("fill/" + std::to_string(filled), '"' + filling + '"')) ++filled;

    const std::string large(50'000, 'y');
    for (int i = 0; i < 20; ++i) {
        one.take(
            i, R"({"op":"put","id":")" + std::to_string(i) + R"(","doc":{"t":")" + large + "\"}}");
    }
    const auto settled = one.settle();
    ASSERT_FALSE(settled);
    EXPECT_EQ(settled.error(), Errc::grid_full);
    EXPECT_TRUE(one.refusals.refused.empty());

    for (int i = 0; i < filled; ++i) one.client.remove("fill/" + std::to_string(i)).value();
    one.client.compact().value();
    EXPECT_TRUE(eventually([&] { return bool(one.applier.recover()); }));
    EXPECT_EQ(one.grid_position(), 20);
    EXPECT_EQ(one.version("seat/19"), 1);
}

TEST(ApplierRefusals, GridWithoutAStoreHoldsDurableMessages) {
    const TestGrid grid;
    TestApplier one(grid, {.grade = Grade::durable});

    one.merge(0);
    const auto settled = one.settle();

    ASSERT_FALSE(settled);
    EXPECT_EQ(settled.error(), Errc::memory_only);
    EXPECT_EQ(one.grid_position(), std::nullopt);
}

}  // namespace
}  // namespace ringside::testing
