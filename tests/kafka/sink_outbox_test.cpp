#include "tools/kafka/sink/outbox.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>

#include "tests/kafka/mock_kafka.hpp"
#include "tests/support/test_grid.hpp"
#include "tools/kafka/sink/position.hpp"

namespace ringside::testing {
namespace {

using namespace kafka;

/// Tests with a broker of the mock that a test controls.
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

TEST_F(OutboxOfAMock, MessagesThatAreTooLargeLeaveOneLineAndACount) {
    std::ostringstream log;
    const auto former = spdlog::default_logger();
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
    options.kafka.set("message.max.bytes", "1000");
    const std::string value(2000, 'x');
    {
        Outbox sending{options, counters};
        sending.open().value();
        for (Revision revision = 1; revision <= 3; ++revision) {
            EXPECT_TRUE(sending
                            .add({.key = "a", .value = value, .headers = {}}, revision,
                                 Outbox::Part::change)
                            .value());
        }
    }
    spdlog::set_default_logger(former);
    const std::string text = log.str();
    EXPECT_EQ(counters.too_large, 3U);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << text;
    EXPECT_NE(text.find("2 more since the previous line"), std::string::npos) << text;
}

TEST_F(OutboxOfAMock, OfAnotherGridKnowsNothingOfTheFormerOnesRevisions) {
    mock.command("down 1");
    add(500);
    EXPECT_EQ(outbox.complete(500), 499);

    outbox.open_for_another_grid().value();

    EXPECT_EQ(outbox.complete(20), 20);
    EXPECT_TRUE(outbox.is_empty());
}

TEST_F(OutboxOfAMock, NewGridStartsWithBatchesAgain) {
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
