#include <future>
#include <thread>

#include "tests/kafka/sink_test.hpp"
#include "tools/kafka/sink/run_sinks.hpp"

namespace ringside::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr const char* events = "patterns = [\"event/**\"]";

/// A sink in a thread of the test, which waits only briefly for Kafka when it ends.
class SinkThread {
public:
    SinkThread(const TestGrid& grid, const MockKafka& kafka, const std::string& topic) {
        kafka::SinkOptions options;
        options.name = "out";
        options.topic = topic;
        options.patterns = {Pattern::parse("event/**").value()};
        options.kafka.set("bootstrap.servers", kafka.bootstrap());
        options.stop_timeout = 100ms;
        sinks_.push_back(std::move(options));
        thread_ = std::jthread([this, name = grid.name()](const std::stop_token& stop) {
            ended_ = kafka::run_sinks(name, sinks_, stop, [this] { ready_.set_value(); });
        });
        EXPECT_EQ(ready_.get_future().wait_for(std::chrono::seconds(60)),
                  std::future_status::ready);
    }
    /// Returns whether it ends without an error.
    bool stop() {
        thread_.request_stop();
        thread_.join();
        return ended_.has_value();
    }

private:
    std::vector<kafka::SinkOptions> sinks_;
    std::promise<void> ready_;
    Result<void> ended_ = Error(Errc::would_block);
    std::jthread thread_;
};

/// Tests with a mock cluster of two brokers, because only the mock simulates errors.
class SinkFailures : public ::testing::Test {
protected:
    void SetUp() override {
        if (!kafka.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    }

    void put_some(int count) {
        for (int i = 0; i < count; ++i) {
            client.put("event/" + std::to_string(i % 7), std::to_string(i)).value();
        }
    }
    std::vector<TestMessage> expect_mirrored(const std::string& topic) {
        return testing::expect_mirrored(kafka, topic, client);
    }

    MockKafka kafka{2};
    TestGrid grid;
    Client client = attach(grid);
};

TEST_F(SinkFailures, KafkaThatIsDownIsWaitedFor) {
    const std::string topic = kafka.make_topic("sink");
    TestSink sink(grid, kafka, topic, events);
    put_some(10);
    expect_mirrored(topic);
    kafka.command("down -1");
    put_some(100);
    EXPECT_TRUE(eventually([&] { return report_of(client, "state") == R"("waiting")"; }));
    EXPECT_THAT(report_of(client, "reason"), HasSubstr("no Kafka broker answers"));
    kafka.command("up -1");

    expect_in_order(expect_mirrored(topic));
    EXPECT_TRUE(eventually([&] { return report_of(client, "state") == R"("running")"; }));
    EXPECT_EQ(sink.stop(), 0);
}

TEST_F(SinkFailures, KafkaThatIsDownAtTheBeginningIsWaitedFor) {
    const std::string topic = kafka.make_topic("sink");
    put_some(10);
    kafka.command("down -1");
    TestSink sink(grid, kafka, topic, events);
    ASSERT_TRUE(sink.is_ready());
    EXPECT_TRUE(eventually([&] { return report_of(client, "state") == R"("waiting")"; }));
    kafka.command("up -1");
    expect_mirrored(topic);
}

TEST_F(SinkFailures, IsEndedInOrderWhileKafkaIsDown) {
    const std::string topic = kafka.make_topic("sink");
    {
        SinkThread sink(grid, kafka, topic);
        put_some(10);
        expect_mirrored(topic);
        ASSERT_TRUE(eventually([&] { return report_of(client, "pending") == "0"; }));
        kafka.command("down -1");
        put_some(20);
        ASSERT_TRUE(eventually([&] { return report_of(client, "pending") == "20"; }));
        EXPECT_TRUE(sink.stop());
    }

    kafka.command("up -1");
    TestSink sink(grid, kafka, topic, events);
    expect_in_order(expect_mirrored(topic));
}

TEST_F(SinkFailures, BackpressureStaysInTheSink) {
    const std::string topic = kafka.make_topic("sink");
    TestSink sink(grid, kafka, topic, events, "\"queue.buffering.max.messages\" = 10");
    put_some(5);
    expect_mirrored(topic);
    kafka.command("down -1");
    put_some(500);  // each write is answered
    EXPECT_TRUE(eventually([&] { return report_of(client, "pending") == "10"; }));
    kafka.command("up -1");
    const auto got = expect_mirrored(topic);
    expect_in_order(got);
    EXPECT_GE(got.size(), 505);
}

TEST_F(SinkFailures, AnotherLeaderIsFollowed) {
    const std::string topic = kafka.make_topic("sink", 2);
    kafka.command("leader " + topic + " 0 1");
    kafka.command("leader " + topic + " 1 1");
    TestSink sink(grid, kafka, topic, events);
    for (int i = 0; i < 10; ++i) {
        kafka.command("leader " + topic + " " + std::to_string(i % 2) + " " +
                      std::to_string(1 + i % 2));
        put_some(50);
    }
    expect_in_order(expect_mirrored(topic));
}

TEST_F(SinkFailures, RequestsThatFailAreTriedAgainOnceAndInOrder) {
    const std::string topic = kafka.make_topic("sink");
    TestSink sink(grid, kafka, topic, events, "\"batch.num.messages\" = 5");
    kafka.command("error produce 3 NOT_LEADER_FOR_PARTITION");
    kafka.command("error produce 2 REQUEST_TIMED_OUT");
    kafka.command("error produce 2 _TRANSPORT");
    kafka.command("error produce 2 NOT_ENOUGH_REPLICAS");
    put_some(200);
    const auto got = expect_mirrored(topic);
    expect_in_order(got);
    EXPECT_EQ(got.size(), 200) << "the producer is idempotent";
}

TEST_F(SinkFailures, AnswersThatComeTooLateAreTriedAgain) {
    const std::string topic = kafka.make_topic("sink");
    TestSink sink(grid, kafka, topic, events, "\"request.timeout.ms\" = 200");
    put_some(5);
    expect_mirrored(topic);
    kafka.command("delayed 1 produce 1 NO_ERROR 700");
    kafka.command("delayed 2 produce 1 NO_ERROR 700");
    put_some(50);
    expect_in_order(expect_mirrored(topic));
}

TEST_F(SinkFailures, ForbiddenTopicEndsTheSink) {
    const std::string topic = kafka.make_topic("sink");
    TestSink sink(grid, kafka, topic, events);
    kafka.command("error produce 1 TOPIC_AUTHORIZATION_FAILED");
    put_some(1);
    EXPECT_EQ(sink.wait(), 1);
    EXPECT_THAT(sink.errors(),
                HasSubstr("user is not authorized for the topic; grant access in Kafka"));
    EXPECT_EQ(report_of(client, "state"), R"("failed")");
    EXPECT_THAT(report_of(client, "reason"),
                HasSubstr("user is not authorized for the topic; grant access in Kafka"));

    sink.start();
    expect_mirrored(topic);
}

TEST_F(SinkFailures, AFatalErrorOfTheProducerEndsTheSinkAndNothingIsLost) {
    const std::string topic = kafka.make_topic("sink");
    TestSink sink(grid, kafka, topic, events);
    put_some(5);
    expect_mirrored(topic);
    kafka.command("error producer_id 1 CLUSTER_AUTHORIZATION_FAILED");
    TestSink second(grid, kafka, topic, events);
    EXPECT_EQ(second.wait(), 1);
    EXPECT_THAT(second.errors(), HasSubstr("is not authorized for idempotent writes"));

    put_some(10);
    second.start();
    expect_in_order(expect_mirrored(topic));
}

TEST_F(SinkFailures, AMessageThatIsTooLargeEndsTheSink) {
    const std::string topic = kafka.make_topic("sink");
    TestSink sink(grid, kafka, topic, events, "\"message.max.bytes\" = 1000");
    put_some(3);
    client.put("event/large", "\"" + std::string(2000, 'x') + "\"").value();
    EXPECT_EQ(sink.wait(), 1);
    EXPECT_THAT(sink.errors(), HasSubstr("'event/large' at revision"));
    EXPECT_EQ(consume(kafka, topic, 3).size(), 3) << "what was before is told";
}

TEST_F(SinkFailures, AMessageThatIsTooLargeIsLeftOutIfSoWished) {
    const std::string topic = kafka.make_topic("sink");
    TestSink sink(grid, kafka, topic, std::string(events) + "\non_too_large = \"skip\"",
                  "\"message.max.bytes\" = 1000");
    client.put("event/large", "\"" + std::string(2000, 'x') + "\"").value();
    client.put("event/small", "1").value();
    const auto got = consume(kafka, topic, 1);
    ASSERT_EQ(got.size(), 1);
    EXPECT_EQ(got[0].key, "event/small");
    EXPECT_TRUE(eventually([&] { return report_of(client, "too_large") == "1"; }));
}

TEST_F(SinkFailures, OnlyTheOversizedMessageOfABatchIsOmitted) {
    const std::string topic = kafka.make_topic("sink");
    TestSink sink(grid, kafka, topic, std::string(events) + "\non_too_large = \"skip\"",
                  "\"linger.ms\" = 100");
    // Messages that wait for Kafka are sent as one batch when Kafka answers.
    kafka.command("down -1");
    kafka.command("error produce 2 MSG_SIZE_TOO_LARGE");  // the batch, then its first message
    for (int i = 0; i < 20; ++i) client.put("event/" + std::to_string(i), "1").value();
    ASSERT_TRUE(eventually([&] { return report_of(client, "pending") == "20"; }));
    kafka.command("up -1");

    TestConsumer consumer(kafka, topic);
    const auto& got = consumer.read_until([](const auto& all) { return all.size() >= 19; });
    EXPECT_EQ(got.size(), 19);
    EXPECT_TRUE(eventually([&] { return report_of(client, "too_large") == "1"; }));
    EXPECT_EQ(sink.stop(), 0) << sink.errors();
}

TEST_F(SinkFailures, ATopicThatDoesNotExistIsWaitedFor) {
    const std::string topic = kafka.make_topic("sink");
    kafka.command("topic_error " + topic + " UNKNOWN_TOPIC_OR_PART");
    TestSink sink(grid, kafka, topic, events,
                  "\"topic.metadata.propagation.max.ms\" = 100\n"
                  "\"topic.metadata.refresh.interval.ms\" = 100");
    put_some(10);
    EXPECT_TRUE(eventually(
        [&] { return report_of(client, "reason").find("does not exist") != std::string::npos; }));
    kafka.command("topic_error " + topic + " NO_ERROR");
    expect_in_order(expect_mirrored(topic));
}

TEST_F(SinkFailures, ATopicThatIsGoneForAWhileIsWaitedFor) {
    const std::string topic = kafka.make_topic("sink");
    TestSink sink(grid, kafka, topic, events,
                  "\"topic.metadata.propagation.max.ms\" = 100\n"
                  "\"topic.metadata.refresh.interval.ms\" = 50");
    put_some(10);
    expect_mirrored(topic);
    kafka.command("topic_error " + topic + " UNKNOWN_TOPIC_OR_PART");
    EXPECT_TRUE(eventually([&] {
        put_some(10);
        return report_of(client, "reason").find("does not exist") != std::string::npos;
    }));
    kafka.command("topic_error " + topic + " NO_ERROR");
    expect_in_order(expect_mirrored(topic));
    EXPECT_EQ(sink.stop(), 0);
}

}  // namespace
}  // namespace ringside::testing
