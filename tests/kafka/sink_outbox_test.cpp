#include "tools/kafka/sink/outbox.hpp"

#include <gtest/gtest.h>

#include "tests/kafka/mock_kafka.hpp"
#include "tests/support/test_grid.hpp"
#include "tools/kafka/sink/position.hpp"

namespace ringside::testing {
namespace {

using namespace kafka;

/// With a broker of the mock that does as it is told.
class OutboxOfAMock : public ::testing::Test {
protected:
    void SetUp() override {
        if (!mock.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
        options.topic = mock.make_topic("outbox");
        options.on_too_large = TooLarge::skip;
        options.kafka.set("bootstrap.servers", mock.bootstrap());
        options.kafka.set("linger.ms", "1");
        options.kafka.set("reconnect.backoff.max.ms", "100");
        outbox.open().value();
    }
    void add(Revision revision) {
        EXPECT_TRUE(
            outbox.add({.key = "a", .value = "1", .headers = {}}, revision, Outbox::Part::change)
                .value());
    }

    MockKafka mock;
    SinkOptions options;
    SinkCounters counters;
    Outbox outbox{options, counters};
};

TEST_F(OutboxOfAMock, OfAnotherGridKnowsNothingOfTheFormerOnesRevisions) {
    mock.command("down 1");
    add(500);
    EXPECT_EQ(outbox.complete(500), 499);

    outbox.open_for_another_grid().value();

    EXPECT_EQ(outbox.complete(20), 20);
    EXPECT_TRUE(outbox.is_empty());
}

TEST_F(OutboxOfAMock, OfAnotherGridSendsBatchesWhateverWasTooLargeBefore) {
    mock.command("error produce 1 MSG_SIZE_TOO_LARGE");
    add(500);
    ASSERT_TRUE(eventually([&] {
        outbox.poll(std::chrono::milliseconds(10));
        return outbox.must_go_back(0).value();
    }));
    outbox.open().value();
    EXPECT_FALSE(outbox.must_go_back(20).value()) << "one by one, up to revision 500";

    outbox.open_for_another_grid().value();

    EXPECT_FALSE(outbox.must_go_back(500).value()) << "it sends batches already";
}

TEST(SinkPosition, IsTakenOverAsItWasHoweverOftenThatIsTried) {
    TestGrid grid;
    Client client = Client::attach({.grid = grid.name()}).value();
    PositionRecord first(client, "out", "first");
    EXPECT_FALSE(first.take_over().value().has_value());
    EXPECT_FALSE(first.take_over().value().has_value()) << "what it wrote itself is no position";
    first.write({7, 1}).value();

    PositionRecord second(client, "out", "second");
    EXPECT_EQ(second.take_over().value()->revision, 7);
    EXPECT_EQ(second.take_over().value()->revision, 7);
    EXPECT_FALSE(first.is_own().value());
    EXPECT_EQ(first.write({8, 1}).error(), Errc::condition_failed);
}

}  // namespace
}  // namespace ringside::testing
