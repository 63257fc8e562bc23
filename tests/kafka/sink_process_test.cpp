#include "tests/kafka/sink_test.hpp"

/// How the program that runs sinks starts, waits, yields to another one and ends.
namespace ringside::testing {
namespace {

using namespace std::chrono_literals;

TEST(SinkProcess, SeveralSinksOfOneFileRunTogether) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    const std::string second = kafka.make_topic("sink");
    Client client = attach(grid);
    TestSink sink(
        grid, kafka, topic, "patterns = [\"event/**\"]",
        "[[sink]]\nname = \"second\"\npatterns = [\"order/**\"]\ntopic = \"" + second + "\"");
    ASSERT_TRUE(sink.is_ready());
    client.put("event/1", "1").value();
    client.put("order/1", "2").value();

    const auto events = consume(kafka, topic, 1);
    const auto orders = consume(kafka, second, 1);
    ASSERT_EQ(events.size(), 1);
    EXPECT_EQ(events[0].key, "event/1");
    ASSERT_EQ(orders.size(), 1);
    EXPECT_EQ(orders[0].key, "order/1");
    EXPECT_EQ(sink.stop(), 0);
}

TEST(SinkProcess, ASecondSignalEndsItAtOnce) {
    TestGrid grid;
    MockKafka kafka;
    if (!kafka.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    TestSink sink(grid, kafka, topic);
    kafka.command("down 1");
    client.put("event/1", "1").value();
    ASSERT_TRUE(eventually([&] { return report_of(client, "pending") == "1"; }));

    ::kill(sink.pid(), SIGTERM);
    EXPECT_TRUE(eventually([&] { return ::kill(sink.pid(), SIGINT) == 0 && sink.has_ended(); }));
    EXPECT_EQ(sink.wait(), 1) << "0, had it waited for Kafka";
}

TEST(SinkProcess, InvalidConfigurationIsReported) {
    TestGrid grid;
    MockKafka kafka;
    TestSink sink(grid, kafka, "any", "patterns = [\"a//b\"]");
    EXPECT_EQ(sink.wait(), 2);
    EXPECT_THAT(sink.errors(), ::testing::HasSubstr("kafka.toml:11: "));
}

TEST(SinkProcess, InvalidPropertiesAreReportedBeforeTheRunningSinkIsFenced) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    TestSink running(grid, kafka, topic);
    const auto member_of_position = [&] {
        const auto pointer = JsonPointer::parse("/member").value();
        return client.get_value<std::string>("kafka/out/@position", pointer).value();
    };
    const std::string member = member_of_position();
    TestSink wrong(grid, kafka, topic, "patterns = [\"event/**\"]",
                   "\"security.protocol\" = \"SSL\"\n\"ssl.ca.location\" = \"/none.pem\"");
    EXPECT_EQ(wrong.wait(), 2);
    EXPECT_THAT(wrong.errors(), ::testing::HasSubstr("sink 'out': "));

    EXPECT_EQ(member_of_position(), member);
    client.put("event/1", "1").value();
    EXPECT_EQ(consume(kafka, topic, 1).size(), 1);
    EXPECT_EQ(running.stop(), 0);
}

TEST(SinkProcess, WaitsForTheGrid) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    TestSink sink(grid, kafka, topic);
    ASSERT_EQ(sink.stop(), 0);
    grid.lose();

    sink.start_without_waiting();
    EXPECT_TRUE(sink.comes_to_say("waiting for grid"));
    EXPECT_EQ(sink.stop(), 0) << "it is ended as any";

    sink.start_without_waiting();
    EXPECT_TRUE(sink.comes_to_say("waiting for grid"));
    grid.start();
    Client client = attach(grid);
    client.put("event/1", "1").value();
    EXPECT_TRUE(sink.wait_until_ready());
    EXPECT_EQ(consume(kafka, topic, 1).size(), 1);
    EXPECT_EQ(sink.stop(), 0);
}

TEST(SinkProcess, WaitsForABrokerThatHasLeft) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    TestSink sink(grid, kafka, topic);
    ASSERT_EQ(sink.stop(), 0);
    grid.kill_broker();

    sink.start_without_waiting();
    EXPECT_TRUE(sink.comes_to_say("waiting for grid"));
    grid.start();
    EXPECT_TRUE(sink.wait_until_ready());
    EXPECT_EQ(sink.stop(), 0);
}

TEST(SinkProcess, IsFencedByTheNextOneOfItsName) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    TestSink first(grid, kafka, topic);
    ASSERT_TRUE(first.is_ready());
    TestSink second(grid, kafka, topic);
    ASSERT_TRUE(second.is_ready());

    EXPECT_EQ(first.wait(), 1);
    EXPECT_THAT(first.errors(),
                ::testing::HasSubstr("another process runs sink 'out' and has taken over"));

    client.put("event/1", "1").value();
    ASSERT_EQ(consume(kafka, topic, 1).size(), 1);
    EXPECT_EQ(second.stop(), 0);
}

TEST(SinkProcess, InvalidPositionIsRefused) {
    TestGrid grid;
    MockKafka kafka;
    Client client = attach(grid);
    client.put("kafka/out/@position", R"({"revision":"seven"})").value();
    TestSink sink(grid, kafka, "any");
    EXPECT_FALSE(sink.is_ready());
    EXPECT_EQ(sink.wait(), 1);
    EXPECT_THAT(sink.errors(),
                ::testing::HasSubstr("'kafka/out/@position' does not hold the position of a sink"));
}

}  // namespace
}  // namespace ringside::testing
