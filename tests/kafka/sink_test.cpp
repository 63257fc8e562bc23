#include "tests/kafka/sink_test.hpp"

namespace ringside::testing {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> kinds_of(const std::vector<TestMessage>& messages) {
    std::vector<std::string> kinds;
    for (const TestMessage& message : messages) kinds.push_back(header_of(message, "kind"));
    return kinds;
}

TEST(Sink, EachChangeIsSentWithNameDocumentAndHeaders) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    TestSink sink(grid, kafka, topic);
    ASSERT_TRUE(sink.is_ready());

    const auto put = client.put("event/1/seat", R"({"free":true})").value();
    client.patch("event/1/seat", "/free", "false").value();
    client.put("order/1", "{}").value();

    const auto got = consume(kafka, topic, 2);
    ASSERT_EQ(got.size(), 2);
    EXPECT_EQ(got[0].key, "event/1/seat");
    EXPECT_EQ(got[0].value, R"({"free":true})");
    EXPECT_EQ(header_of(got[0], "kind"), "put");
    EXPECT_EQ(header_of(got[0], "content"), "document");
    EXPECT_EQ(revision_of(got[0]), put.revision);
    EXPECT_EQ(header_of(got[0], "version"), std::to_string(put.version));
    EXPECT_NEAR(std::stod(header_of(got[0], "time")), double(time(nullptr)) * 1000, 60'000);
    EXPECT_EQ(got[1].value, R"({"free":false})");
    EXPECT_EQ(header_of(got[1], "kind"), "patch");
    EXPECT_EQ(sink.stop(), 0);
}

TEST(Sink, RemovedRecordsAreSentAsTombstones) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    TestSink sink(grid, kafka, topic);

    client.put("event/1", "1").value();
    client.remove("event/1").value();
    client.put("event/2", "2", {.ttl = 20ms}).value();

    const auto got = consume(kafka, topic, 4);
    ASSERT_EQ(kinds_of(got), (std::vector<std::string>{"put", "remove", "put", "expire"}));
    EXPECT_EQ(got[1].key, "event/1");
    EXPECT_EQ(got[1].value, std::nullopt);
    EXPECT_EQ(header_of(got[1], "content"), "");
    EXPECT_EQ(got[3].key, "event/2");
    EXPECT_EQ(got[3].value, std::nullopt);
}

TEST(Sink, BeginsWithTheState) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    const auto put = client.put("event/1", "1").value();
    client.put("order/1", "1").value();
    TestSink sink(grid, kafka, topic);
    client.put("event/1", "2").value();

    const auto got = consume(kafka, topic, 2);
    ASSERT_EQ(got.size(), 2);
    EXPECT_EQ(header_of(got[0], "kind"), "current");
    EXPECT_EQ(got[0].value, "1");
    EXPECT_EQ(revision_of(got[0]), put.revision);
    EXPECT_EQ(got[1].value, "2");
}

TEST(Sink, NowOptionBeginsWithTheNextChange) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    client.put("event/1", "1").value();
    TestSink sink(grid, kafka, topic, "patterns = [\"event/**\"]\nstart = \"now\"");
    client.put("event/1", "2").value();

    const auto got = consume(kafka, topic, 1);
    ASSERT_EQ(got.size(), 1);
    EXPECT_EQ(got[0].value, "2");
}

TEST(Sink, RestartedSinkContinuesAtItsPosition) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    TestSink sink(grid, kafka, topic);
    client.put("event/1", "1").value();
    ASSERT_EQ(consume(kafka, topic, 1).size(), 1);
    ASSERT_EQ(sink.stop(), 0);

    client.put("event/1", "2").value();
    client.put("event/1", "3").value();
    sink.start();

    client.put("event/end", "4").value();
    const auto got = consume(kafka, topic, 4);
    ASSERT_EQ(kinds_of(got), (std::vector<std::string>{"put", "put", "put", "put"}));
    EXPECT_EQ(got[1].value, "2");
    EXPECT_EQ(got[2].value, "3");
    EXPECT_EQ(got[3].value, "4") << "nothing is sent twice";
    ASSERT_EQ(sink.stop(), 0);
}

TEST(Sink, PositionFollowsKafkasAcknowledgements) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink", 4);
    Client client = attach(grid);
    TestSink sink(grid, kafka, topic);
    Revision last = 0;
    for (int i = 0; i < 100; ++i) {
        last = client.put("event/" + std::to_string(i), "1").value().revision;
    }
    EXPECT_TRUE(eventually([&] { return position_of(client) >= last; }));
    EXPECT_TRUE(eventually([&] {
        return report_of(client, "messages") == "100" && report_of(client, "pending") == "0";
    }));
    EXPECT_EQ(report_of(client, "state"), R"("running")");
    ASSERT_EQ(sink.stop(), 0);
    EXPECT_EQ(report_of(client, "state"), "") << "a sink that has ended has no report";
}

TEST(Sink, RestsWhereNothingChanges) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    TestSink sink(grid, kafka, topic);
    const Revision put = client.put("event/1", "1").value().revision;
    ASSERT_TRUE(eventually([&] { return position_of(client) >= put; }));

    const Revision before = position_of(client);
    const Revision begun = client.revision();
    ASSERT_TRUE(eventually([&] { return client.revision() >= begun + 2; })) << "reports go on";

    EXPECT_EQ(position_of(client), before) << "its own records are no reason to write";
}

TEST(Sink, ChangeThatMatchesSeveralPatternsIsSentOnce) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    client.put("event/1/a", "1").value();
    client.put("other/1", "1").value();
    TestSink sink(grid, kafka, topic, "patterns = [\"event/*/a\", \"event/1/**\", \"order/*\"]");
    client.put("event/1/b", "2").value();
    client.put("event/2/b", "3").value();
    client.put("order/7", "4").value();

    const auto got = consume(kafka, topic, 3);
    ASSERT_EQ(got.size(), 3);
    EXPECT_EQ(got[0].key, "event/1/a");
    EXPECT_EQ(got[1].key, "event/1/b");
    EXPECT_EQ(got[2].key, "order/7");
}

TEST(Sink, LeavesRecordsOfTheToolOut) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    TestSink sink(grid, kafka, topic, "patterns = [\"**\"]");
    client.put("kafka/other/@position", "1").value();
    client.put("event/1", "2").value();

    const auto got = consume(kafka, topic, 1);
    ASSERT_EQ(got.size(), 1);
    EXPECT_EQ(got[0].key, "event/1");
}

TEST(Sink, ToolsRecordsAreSentIfAPatternNamesThem) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    TestSink sink(grid, kafka, topic, "patterns = [\"kafka/**\"]");
    client.put("kafka/group/seats/0", R"({"offset":7})").value();

    const auto got = consume(kafka, topic, 1);
    ASSERT_EQ(got.size(), 1);
    EXPECT_EQ(got[0].key, "kafka/group/seats/0") << "but never its own";
}

TEST(Sink, ChangesThatAreAppliedGiveTheDocuments) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    TestSink sink(grid, kafka, topic, "patterns = [\"event/**\"]\nvalue = \"change\"");
    client.put("event/1", R"({"a":{"b/c":1},"list":[1,2]})").value();
    client.patch("event/1", "/a/b~1c", "2").value();
    client.patch("event/1", "/a/new", R"({"x":[true]})").value();
    client.patch("event/1", "/list/0", "7").value();
    client.patch("event/1", "/list/-", "9").value();
    client.patch("event/1", "/list/3", "10").value();  // appends as well
    client.patch("event/1", "/list/3", "11").value();
    client.json_patch("event/1", R"([{"op":"remove","path":"/a/b~1c"}])").value();
    client.merge("event/1", R"({"gone":null,"z":1})").value();
    client.put("event/end", "1").value();

    TestConsumer consumer(kafka, topic);
    const auto& got = consumer.read_until([](const auto& all) { return all.size() >= 10; });
    ASSERT_EQ(got.size(), 10);
    // The grid's own JSON Patch, in another record, applies them.
    int patches = 0;
    for (const TestMessage& message : got) {
        if (message.key != "event/1") continue;
        if (header_of(message, "content") == "json-patch") {
            ++patches;
            client.json_patch("copy", *message.value).value();
        } else {
            client.put("copy", *message.value).value();
        }
    }
    EXPECT_EQ(patches, 5);
    EXPECT_EQ(to_json(client.get("copy").value().document()),
              to_json(client.get("event/1").value().document()));
}

TEST(Sink, RepeatedChangesOfARecreatedRecordLeadToItsDocument) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    TestSink sink(grid, kafka, topic, "patterns = [\"event/**\"]\nvalue = \"change\"");
    const Revision before = client.put("event/1", R"({"a":1})").value().revision - 1;
    for (int i = 2; i < 6; ++i) client.patch("event/1", "/a", std::to_string(i)).value();
    client.remove("event/1").value();
    client.put("event/1", R"({"b":1})").value();
    Transaction twice;
    twice.patch("event/1", "/b", "2").value();
    twice.patch("event/1", "/b", "3").value();
    const Revision last = client.commit(twice).value().revision;
    ASSERT_TRUE(eventually([&] { return position_of(client) >= last; }));
    ASSERT_EQ(sink.stop(), 0);
    client.patch("kafka/out/@position", "/revision", std::to_string(before)).value();
    sink.start();

    const auto got = consume(kafka, topic, 18);
    ASSERT_EQ(got.size(), 18) << "each is told twice";
    Mirror mirror;
    for (std::size_t i = 0; i < got.size(); ++i) {
        mirror.apply(got[i]);
        if (i < 8) continue;
        EXPECT_EQ(mirror.state(), state_of(client)) << "from the last change on, at message " << i;
    }
}

TEST(Sink, LargeDocumentsAreSent) {
    TestGrid grid;
    MockKafka kafka;
    const std::string topic = kafka.make_topic("sink");
    Client client = attach(grid);
    std::string json = "[0";
    for (int i = 1; i < 50'000; ++i) json += "," + std::to_string(i);
    json += "]";
    TestSink sink(grid, kafka, topic);
    client.put("event/1", json).value();

    const auto got = consume(kafka, topic, 1);
    ASSERT_EQ(got.size(), 1);
    EXPECT_EQ(got[0].value, json);
}

}  // namespace
}  // namespace ringside::testing
