#include "tests/kafka/source_test.hpp"

namespace ringside::testing {
namespace {

std::vector<TestMessage> deltas(int from, int to, int keys = 5) {
    std::vector<TestMessage> made;
    for (int i = from; i < to; ++i) {
        made.push_back({std::to_string(i % keys), fmt::format(R"({{"n":{}}})", i)});
    }
    return made;
}

TEST_F(SourceTest, ExistingAndNewMessagesAreApplied) {
    const std::string topic = kafka_.make_topic("seats");
    produce(kafka_, topic, deltas(0, 100));
    const auto source = start(configure_topic(topic));

    EXPECT_TRUE(comes_to(topic, 100));
    produce(kafka_, topic, deltas(100, 200));
    EXPECT_TRUE(comes_to(topic, 200));

    EXPECT_EQ(json("seat/0"), R"({"n":195})");
    EXPECT_EQ(version("seat/0"), 40);
    EXPECT_EQ(source->finish(SIGTERM), 0);
}

TEST_F(SourceTest, RestartedSourceContinuesAtItsPosition) {
    const std::string topic = kafka_.make_topic("seats", 3);
    const std::string config = configure_topic(topic);
    produce(kafka_, topic, deltas(0, 100));
    {
        const auto source = start(config);
        EXPECT_TRUE(comes_to(topic, 100, 3));
        EXPECT_EQ(source->finish(SIGTERM), 0);
    }
    produce(kafka_, topic, deltas(100, 150));

    const auto source = start(config);

    EXPECT_TRUE(comes_to(topic, 150, 3));
    EXPECT_EQ(version("seat/0"), 30);
}

TEST_F(SourceTest, TombstonesRemove) {
    const std::string topic = kafka_.make_topic("seats");
    produce(kafka_, topic, {{"A", R"({"n":1})"}, {"B", R"({"n":1})"}, {"A", std::nullopt}});
    const auto source = start(configure_topic(topic));

    EXPECT_TRUE(comes_to(topic, 3));

    EXPECT_EQ(json("seat/A"), "none");
    EXPECT_EQ(json("seat/B"), R"({"n":1})");
}

TEST_F(SourceTest, FollowsTopicsOfARegularExpressionByTheFirstRulesThatAreForThem) {
    const std::string first = kafka_.make_topic("first");
    const std::string second = kafka_.make_topic("second");
    produce(kafka_, first, {{"A", R"({"n":1})"}});
    produce(kafka_, second, {{"B", R"({"n":2})"}});
    const auto source = start(configure(fmt::format(R"(
        group = "test"
        [[source.topic]]
        name = "{}"
        [[source.topic.rule]]
        record = "first/{{key}}"
        [[source.topic]]
        name = "^{}$"
        [[source.topic.rule]]
        record = "second/{{key}}"
    )",
                                                    first, second)));

    EXPECT_TRUE(comes_to(first, 1));
    EXPECT_TRUE(comes_to(second, 1));

    EXPECT_EQ(json("first/A"), R"({"n":1})");
    EXPECT_EQ(json("second/B"), R"({"n":2})");
}

TEST_F(SourceTest, LatestOptionBeginsAtTheEnd) {
    const std::string topic = kafka_.make_topic("seats");
    produce(kafka_, topic, deltas(0, 10));
    session_ms_ = short_session_ms;
    const std::string config = configure_topic(topic, "", "start = \"latest\"");
    {
        const auto source = start(config);
        EXPECT_TRUE(comes_to(topic, 10));
        source->finish(SIGKILL);
    }
    // From here on it has a position, even without a message.
    produce(kafka_, topic, deltas(10, 20));

    const auto source = start(config);

    EXPECT_TRUE(comes_to(topic, 20));
    EXPECT_EQ(version("seat/0"), 2);
}

TEST_F(SourceTest, StateAndReadinessAreReported) {
    const std::string topic = kafka_.make_topic("seats", 2);
    produce(kafka_, topic, deltas(0, 50));
    const std::string config = configure_topic(topic);
    EXPECT_EQ(run("ready --config " + config).status, 1);
    const auto source = start(config);

    // The counters follow when the grid has answered.
    EXPECT_TRUE(state_comes_to(R"("state":"caught_up")", R"("messages":50)"));

    const auto reports = states();
    ASSERT_EQ(reports.size(), 1);
    for (const char* part : {R"("writes":50)", R"("lag":0)", R"("dead_letters":0)",
                             R"("partitions":[{"lag":0,"offset":)", R"("reason":"")"}) {
        EXPECT_NE(reports[0].find(part), std::string::npos) << reports[0];
    }
    const Outcome ready = run("ready --config " + config);
    EXPECT_EQ(ready.status, 0);
    EXPECT_EQ(ready.output, "ready: 1 source has caught up, 0 messages behind\n");
    EXPECT_EQ(source->finish(SIGTERM), 0);
    const Outcome ended = run("ready --config " + config);
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.output, "no source of group 'test' is running\n");
}

TEST_F(SourceTest, UnmappableMessageGoesToTheDeadLetterTopic) {
    const std::string topic = kafka_.make_topic("seats");
    const std::string dead = kafka_.make_topic("dead");
    produce(kafka_, topic,
            {{"A", R"({"n":1})"}, {"A", "no json", {{"trace", "t1"}}}, {"A", R"({"n":2})"}});
    const auto source = start(configure_topic(topic, "dead_letter_topic = \"" + dead + '"'));

    EXPECT_TRUE(comes_to(topic, 3));

    const auto letters = consume(kafka_, dead, 1);
    ASSERT_EQ(letters.size(), 1);
    EXPECT_EQ(letters[0].key, "A");
    EXPECT_EQ(letters[0].value, "no json");
    EXPECT_EQ(letters[0].headers.at("trace"), "t1");
    EXPECT_EQ(letters[0].headers.at("ringside.error"), "bad_json");
    EXPECT_EQ(letters[0].headers.at("ringside.topic"), topic);
    EXPECT_EQ(letters[0].headers.at("ringside.partition"), "0");
    EXPECT_EQ(letters[0].headers.at("ringside.offset"), "1");
    EXPECT_FALSE(letters[0].headers.at("ringside.detail").empty());
    EXPECT_NE(letters[0].headers.at("ringside.timestamp"), "");
    EXPECT_EQ(version("seat/A"), 2);
    EXPECT_TRUE(state_comes_to(R"("dead_letters":1)"));
}

TEST_F(SourceTest, ADeadLetterThatIsTooLargeGoesWithoutItsValue) {
    const std::string topic = kafka_.make_topic("seats");
    const std::string dead = kafka_.make_topic("dead");
    const std::string large(3000, 'x');
    produce(kafka_, topic, {{"A", large}});
    const auto source = start(configure(fmt::format(R"(
        group = "test"
        dead_letter_topic = "{}"
        [source.kafka]
        "message.max.bytes" = 2000
        [[source.topic]]
        name = "{}"
        {})",
                                                    dead, topic, merge_rule)));

    EXPECT_TRUE(comes_to(topic, 1));

    const auto letters = consume(kafka_, dead, 1);
    ASSERT_EQ(letters.size(), 1);
    EXPECT_EQ(letters[0].value, std::nullopt);
    EXPECT_EQ(letters[0].headers.at("ringside.value_bytes"), "3000");
}

TEST_F(SourceTest, UnmappableMessageEndsTheSourceWithoutADeadLetterTopic) {
    const std::string topic = kafka_.make_topic("seats");
    produce(kafka_, topic, {{"A", R"({"n":1})"}, {"A", "no json"}, {"A", R"({"n":2})"}});
    const auto source = start(configure_topic(topic));

    EXPECT_EQ(source->finish(0), 1);

    EXPECT_EQ(position(topic), 1);
    const std::string errors = source->errors();
    EXPECT_NE(errors.find(topic + " [0] offset 1: "), std::string::npos) << errors;
    EXPECT_NE(errors.find("set dead_letter_topic"), std::string::npos) << errors;
}

TEST_F(SourceTest, SkipOptionOmitsUnmappableMessages) {
    const std::string topic = kafka_.make_topic("seats");
    produce(kafka_, topic, {{"A", R"({"n":1})"}, {"A", "no json"}, {"A", R"({"n":2})"}});
    const auto source = start(configure_topic(topic, "on_error = \"skip\""));

    EXPECT_TRUE(comes_to(topic, 3));

    EXPECT_EQ(version("seat/A"), 2);
}

TEST_F(SourceTest, APositionThatIsNotInTheTopicBeginsAtWhatThereIs) {
    const std::string topic = kafka_.make_topic("seats");
    produce(kafka_, topic, deltas(0, 20));
    client_.put("kafka/test/" + topic + "/0", R"({"offset":1000})").value();

    const auto source = start(configure_topic(topic));

    EXPECT_TRUE(comes_to(topic, 20));
    EXPECT_EQ(version("seat/0"), 4);
    EXPECT_TRUE(state_comes_to(R"("resets":1)"));
}

TEST_F(SourceTest, APositionThatIsSetBackIsFollowedAtOnce) {
    const std::string topic = kafka_.make_topic("seats");
    produce(kafka_, topic, deltas(0, 10, 1));
    const auto source = start(configure_topic(topic));
    EXPECT_TRUE(comes_to(topic, 10));

    client_.put("kafka/test/" + topic + "/0", R"({"offset":4})").value();

    EXPECT_TRUE(eventually([&] { return version("seat/0") == 16; }, patience));
    EXPECT_TRUE(comes_to(topic, 10));
}

TEST_F(SourceTest, ReadsSnapshotsBeforeTheOtherTopics) {
    const std::string state = kafka_.make_topic("state", 2);
    const std::string changes = kafka_.make_topic("changes");
    std::vector<TestMessage> seats;
    for (int i = 0; i < 2000; ++i) seats.push_back({std::to_string(i), R"({"n":0})"});
    produce(kafka_, state, seats);
    produce(kafka_, changes, {{"first", R"({"n":1})"}});
    const auto source = start(configure(fmt::format(R"(
        group = "test"
        [[source.topic]]
        name = "{}"
        {}
        [[source.topic]]
        name = "{}"
        snapshot = true
        {})",
                                                    changes, merge_rule, state, merge_rule)));

    EXPECT_TRUE(comes_to(changes, 1));

    EXPECT_EQ(position(state, 0) + position(state, 1), 2000);
    EXPECT_TRUE(state_comes_to(R"("state":"caught_up")"));
    const Revision first = client_.get("seat/first").value().revision();
    for (int i = 0; i < 2000; ++i) {
        ASSERT_LT(client_.get("seat/" + std::to_string(i)).value().revision(), first);
    }
}

TEST_F(SourceTest, MissingTopicIsReportedAndAwaited) {
    const std::string topic = kafka_.make_topic("seats");
    produce(kafka_, topic, deltas(0, 10));
    if (kafka_.is_mock()) kafka_.command("topic_error not-there UNKNOWN_TOPIC_OR_PART");
    const auto source = start(configure(fmt::format(R"(
        group = "test"
        [[source.topic]]
        name = "{}"
        {}
        [[source.topic]]
        name = "not-there"
        snapshot = true
        {})",
                                                    topic, merge_rule, merge_rule),
                                        "\"allow.auto.create.topics\" = false"));

    EXPECT_TRUE(state_comes_to("topic does not exist"));
    EXPECT_EQ(json("seat/0"), "none");
    if (kafka_.is_mock()) {
        kafka_.command("topic_error not-there NO_ERROR");
        EXPECT_TRUE(comes_to(topic, 10));
        EXPECT_TRUE(state_comes_to(R"("state":"caught_up")"));
    }
    EXPECT_EQ(source->finish(SIGTERM), 0);
}

TEST_F(SourceTest, ReportsATopicThatDoesNotExistWhileItFollowsTheOthers) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka_.make_topic("seats");
    produce(kafka_, topic, deltas(0, 10));
    kafka_.command("topic_error not-there UNKNOWN_TOPIC_OR_PART");
    const auto source = start(configure(fmt::format(R"(
        group = "test"
        [[source.topic]]
        name = "{}"
        {}
        [[source.topic]]
        name = "not-there"
        {})",
                                                    topic, merge_rule, merge_rule)));

    EXPECT_TRUE(state_comes_to(R"("messages":10)"));

    EXPECT_THAT(states(), ::testing::ElementsAre(::testing::HasSubstr("topic does not exist")));
    EXPECT_EQ(source->finish(SIGTERM), 0);
}

}  // namespace
}  // namespace ringside::testing
