#include "tests/kafka/sink_test.hpp"

namespace ringside::testing {
namespace {

using namespace std::chrono_literals;

constexpr const char* all_events = "patterns = [\"event/**\"]";

/// A grid that keeps few changes.
std::vector<std::string> small_ring() { return {"--memory", "64MiB", "--ring-entries", "256"}; }

std::size_t count_of(const std::vector<TestMessage>& messages, const std::string& kind) {
    return std::size_t(std::count_if(messages.begin(), messages.end(), [&](const auto& one) {
        return header_of(one, "kind") == kind;
    }));
}

TEST(SinkGaps, ChangesNoLongerRetainedAreReportedAndTheStateFollows) {
    TestGrid grid(small_ring());
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink", 2);
    Client client = attach(grid);
    TestSink sink(grid, kafka, topic, all_events);
    for (int i = 0; i < 20; ++i) client.put("event/" + std::to_string(i), "1").value();
    expect_mirrored(kafka, topic, client);
    ASSERT_EQ(sink.stop(), 0);

    client.remove("event/3").value();
    for (int i = 0; i < 1000; ++i) client.put("event/7", std::to_string(i)).value();
    sink.start();

    const auto got = expect_mirrored(kafka, topic, client);
    EXPECT_EQ(count_of(got, "lagged"), 2) << "each partition is told";
    EXPECT_EQ(count_of(got, "current"), 19);
    const auto first = std::find_if(
        got.begin(), got.end(), [](const auto& one) { return header_of(one, "kind") == "lagged"; });
    ASSERT_NE(first, got.end());
    EXPECT_EQ(first->key, std::nullopt);
    EXPECT_NE(header_of(*first, "resumes_at"), "");
}

TEST(SinkGaps, LappedSinkReportsTheNumberOfMissedChanges) {
    TestGrid grid(small_ring());
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    TestSink sink(grid, kafka, topic, all_events);
    client.put("event/gone", "1").value();
    expect_mirrored(kafka, topic, client);
    ::kill(sink.pid(), SIGSTOP);
    for (int i = 0; i < 1000; ++i) {
        client.put("event/" + std::to_string(i % 5), std::to_string(i)).value();
    }
    client.remove("event/gone").value();
    ::kill(sink.pid(), SIGCONT);

    const auto got = expect_mirrored(kafka, topic, client);
    ASSERT_EQ(count_of(got, "lagged"), 1);
    const auto lagged = std::find_if(
        got.begin(), got.end(), [](const auto& one) { return header_of(one, "kind") == "lagged"; });
    EXPECT_GT(std::stoull(header_of(*lagged, "missed")), 500);
    TestConsumer consumer(kafka, topic);
    consumer.read_until([](const auto& all) { return count_of(all, "resumed") == 1; });
    EXPECT_EQ(count_of(consumer.all(), "resumed"), 1);
    EXPECT_TRUE(eventually([&] { return report_of(client, "lagged") == "1"; }));
}

TEST(SinkGaps, RecreatedGridIsSentAsAWhole) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    TestSink sink(grid, kafka, topic, all_events);
    {
        Client client = attach(grid);
        client.put("event/1", "1").value();
        client.put("event/2", "2").value();
        expect_mirrored(kafka, topic, client);
    }
    grid.lose();
    grid.start();
    Client client = attach(grid);
    client.put("event/2", "3").value();
    client.put("event/4", "4").value();

    TestConsumer consumer(kafka, topic);
    consumer.read_until([](const auto& all) { return count_of(all, "resumed") == 1; });
    client.put("event/5", "5").value();
    consumer.read_until([](const auto& all) { return all.back().key == "event/5"; });
    EXPECT_EQ(count_of(consumer.all(), "lagged"), 1);
    Mirror mirror;
    for (const TestMessage& message : consumer.all()) mirror.apply(message);
    EXPECT_EQ(mirror.state(), state_of(client));
    EXPECT_TRUE(eventually([&] { return position_of(client) > 0; }));
    EXPECT_EQ(sink.stop(), 0);
}

TEST(SinkGaps, MessagesOfAFormerGridDoNotMoveThePosition) {
    TestGrid grid;
    MockKafka kafka;
    if (!kafka.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka.make_topic("sink");
    TestSink sink(grid, kafka, topic, all_events);
    {
        Client client = attach(grid);
        for (int i = 0; i < 500; ++i) client.put("event/1", "1").value();
        expect_mirrored(kafka, topic, client);
        kafka.command("down 1");
        client.put("event/2", "2").value();
        ASSERT_TRUE(eventually([&] {
            const std::string pending = report_of(client, "pending");
            return !pending.empty() && pending != "0";
        }));
    }
    grid.lose();
    grid.start();
    Client client = attach(grid);
    client.put("event/3", "3").value();
    ASSERT_TRUE(eventually([&] { return report_of(client, "state") == R"("waiting")"; }));
    kafka.command("up 1");

    expect_mirrored(kafka, topic, client);
    const auto is_written = [&] { return position_of(client) != 0; };
    EXPECT_TRUE(eventually(is_written));
    EXPECT_LE(position_of(client), client.revision());
    EXPECT_EQ(sink.stop(), 0);
    EXPECT_LE(position_of(client), client.revision());
}

TEST(SinkGaps, GridRecreatedWhileTheSinkWasAwayIsSentAsAWhole) {
    TemporaryDirectory store;
    TestGrid grid({"--memory", "64MiB", "--data", store.path(), "--durability", "always"});
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    TestSink sink(grid, kafka, topic, all_events);
    {
        Client client = attach(grid);
        client.put("event/1", "1").value();
        expect_mirrored(kafka, topic, client);
        ASSERT_EQ(sink.stop(), 0);
        client.remove("event/1").value();
        client.put("event/2", "1").value();
    }
    grid.stop();
    grid.start();
    sink.start();
    Client client = attach(grid);
    const auto got = expect_mirrored(kafka, topic, client);
    EXPECT_EQ(count_of(got, "lagged"), 1);
    EXPECT_EQ(sink.stop(), 0);
}

TEST(SinkGaps, ABrokerThatIsReplacedIsNoticedByNobody) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    TestSink sink(grid, kafka, topic, all_events);
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 50; ++i) client.put("event/1", std::to_string(i)).value();
        grid.kill_broker();
        grid.start();
    }
    client.put("event/2", "1").value();
    const auto got = expect_mirrored(kafka, topic, client);
    EXPECT_EQ(count_of(got, "lagged"), 0);
    EXPECT_EQ(got.size(), 151);
    EXPECT_EQ(sink.stop(), 0);
}

TEST(SinkGaps, AStateThatTakesLongerThanItsLeaseIsBegunAgain) {
    TestGrid grid;
    MockKafka kafka;
    if (!kafka.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    for (int i = 0; i < 200; ++i) client.put("event/" + std::to_string(i), "1").value();
    kafka.command("down 1");
    TestSink sink(grid, kafka, topic, std::string(all_events) + "\nsnapshot_lease_s = 1",
                  "\"queue.buffering.max.messages\" = 10");
    ASSERT_TRUE(sink.is_ready());
    // What it reads is replaced, so that the lease matters. Retries show that the lease has ended.
    int round = 0;
    ASSERT_TRUE(eventually(
        [&] {
            client.put("event/" + std::to_string(++round % 200), "2").value();
            client.compact().value();
            if (round == 1500) kafka.command("up 1");
            return round > 1500 && report_of(client, "retries") != "0";
        },
        60s));
    const auto got = expect_mirrored(kafka, topic, client);
    EXPECT_GE(count_of(got, "lagged"), 1) << "as some of the former state may have been told";
}

TEST(SinkGaps, MarkersHaveAKeyIfTheTopicNeedsOne) {
    TestGrid grid(small_ring());
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    TestSink sink(grid, kafka, topic, std::string(all_events) + "\nmarker_key = \"@marker\"");
    client.put("event/1", "1").value();
    expect_mirrored(kafka, topic, client);
    ASSERT_EQ(sink.stop(), 0);
    for (int i = 0; i < 1000; ++i) client.put("event/1", std::to_string(i)).value();
    sink.start();

    TestConsumer consumer(kafka, topic);
    consumer.read_until([](const auto& all) { return count_of(all, "resumed") == 1; });
    for (const TestMessage& message : consumer.all()) {
        const std::string kind = header_of(message, "kind");
        EXPECT_EQ(message.key == "@marker", kind == "lagged" || kind == "resumed");
    }
}

}  // namespace
}  // namespace ringside::testing
