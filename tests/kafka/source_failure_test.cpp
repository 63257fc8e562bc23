#include "tests/kafka/source_test.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside::testing {
namespace {

/// A source when Kafka or the grid fail.
class SourceFailure : public SourceTest {
protected:
    explicit SourceFailure(int brokers = 1,
                           std::vector<std::string> options = {"--memory", "64MiB"})
        : SourceTest(brokers, std::move(options)) {}

    void produce_deltas(const std::string& topic, int from, int to) const {
        std::vector<TestMessage> messages;
        for (int i = from; i < to; ++i) messages.push_back({"A", fmt::format(R"({{"n":{}}})", i)});
        produce(kafka_, topic, messages);
    }
    /// Returns whether a process has ended; its status is still available.
    static bool has_ended(const Process& process) {
        siginfo_t ended{};
        return waitid(P_PID, id_t(process.pid()), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               ended.si_pid != 0;
    }
};

class SourceFailureOfThree : public SourceFailure {
protected:
    SourceFailureOfThree() : SourceFailure(3) {}
};

class SourceFailureOfSmallGrid : public SourceFailure {
protected:
    SourceFailureOfSmallGrid() : SourceFailure(1, {"--memory", "8MiB"}) {}
};

TEST_F(SourceFailure, LostKafkaIsReportedAndAwaited) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka_.make_topic("seats");
    produce_deltas(topic, 0, 100);
    const std::string config = configure_topic(topic);
    const auto source = start(config);
    EXPECT_TRUE(comes_to(topic, 100));

    kafka_.command("down 1");
    EXPECT_TRUE(state_comes_to(R"("reason":"no Kafka broker answers)"));
    EXPECT_EQ(run("ready --config " + config).status, 1);
    kafka_.command("up 1");
    produce_deltas(topic, 100, 200);

    EXPECT_TRUE(comes_to(topic, 200));
    EXPECT_TRUE(state_comes_to(R"("state":"caught_up")"));
    EXPECT_EQ(version("seat/A"), 200);
}

TEST_F(SourceFailure, SourceThatNeverReachedKafkaEndsAtOnceWhenAsked) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    kafka_.command("down 1");
    const auto source = start(configure_topic("seats"));

    EXPECT_TRUE(state_comes_to(R"("state":"waiting")"));

    EXPECT_EQ(source->finish(SIGTERM), 0);
}

TEST_F(SourceFailure, SourceWithoutKafkaConnectionEndsSoonWhenAsked) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka_.make_topic("seats");
    const auto source = start(configure_topic(topic));
    produce_deltas(topic, 0, 100);
    EXPECT_TRUE(comes_to(topic, 100));

    kafka_.kill();
    EXPECT_TRUE(state_comes_to(R"("state":"waiting")"));
    ::kill(source->pid(), SIGTERM);

    EXPECT_TRUE(eventually([&] { return has_ended(*source); }, patience));
    EXPECT_EQ(source->finish(0), 0);
}

TEST_F(SourceFailure, SourceWithSilentKafkaEndsSoonWhenAsked) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka_.make_topic("seats");
    const auto source = start(configure_topic(topic));
    produce_deltas(topic, 0, 100);
    EXPECT_TRUE(comes_to(topic, 100));

    kafka_.freeze();
    ::kill(source->pid(), SIGTERM);

    EXPECT_TRUE(eventually([&] { return has_ended(*source); }, patience));
    EXPECT_EQ(source->finish(0), 0);
}

TEST_F(SourceFailureOfThree, LeadersThatChangeMakeNoDifference) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka_.make_topic("seats");
    const auto source = start(configure_topic(topic));
    for (int round = 0; round < 6; ++round) {
        kafka_.command(fmt::format("leader {} 0 {}", topic, round % 3 + 1));
        produce_deltas(topic, 100 * round, 100 * round + 100);
    }

    EXPECT_TRUE(comes_to(topic, 600));
    EXPECT_EQ(version("seat/A"), 600);
}

TEST_F(SourceFailure, RequestsThatFailAreTriedAgain) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka_.make_topic("seats");
    session_ms_ = short_session_ms;  // a rebalance takes as long
    const auto source = start(configure_topic(topic));
    for (int round = 0; round < 3; ++round) {
        kafka_.command("error fetch 2 REQUEST_TIMED_OUT");
        kafka_.command("error fetch 1 NOT_LEADER_FOR_PARTITION");
        kafka_.command("error offset_commit 1 REQUEST_TIMED_OUT");
        kafka_.command("error heartbeat 1 REBALANCE_IN_PROGRESS");
        produce_deltas(topic, 100 * round, 100 * round + 100);
        EXPECT_TRUE(comes_to(topic, 100 * round + 100));
    }
    EXPECT_EQ(version("seat/A"), 300);
}

TEST_F(SourceFailure, ProducersThatSendTwiceAreAppliedTwiceAsKafkaHasThemTwice) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka_.make_topic("seats");
    TestProducer producer(kafka_, {{"linger.ms", "100"}});
    kafka_.command("delayed 1 produce 1 NO_ERROR 20000");
    for (int i = 0; i < 10; ++i) producer.send(topic, {"A", fmt::format(R"({{"n":{}}})", i)});
    ASSERT_EQ(consume(kafka_, topic, 1).size(), 1);
    // The message is written, and the answer is lost with the connection.
    kafka_.command("down 1");
    kafka_.command("up 1");
    producer.flush();
    ASSERT_EQ(consume(kafka_, topic, 11).size(), 11);
    const auto source = start(configure_topic(topic));

    EXPECT_TRUE(state_comes_to(R"("state":"caught_up")", R"("lag":0)"));

    EXPECT_GT(position(topic), 10);
    EXPECT_EQ(version("seat/A"), position(topic));
    EXPECT_EQ(json("seat/A"), R"({"n":9})");
}

TEST_F(SourceFailure, TemporaryTroubleIsReportedAndCleared) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka_.make_topic("seats");
    const auto source = start(configure_topic(topic));
    produce_deltas(topic, 0, 10);
    EXPECT_TRUE(comes_to(topic, 10));
    Watch states = watch_states();
    kafka_.command("error fetch 3 UNKNOWN");
    EXPECT_NE(next_state(states, R"("state":"waiting")"), "");

    produce_deltas(topic, 10, 20);

    EXPECT_TRUE(comes_to(topic, 20));
    EXPECT_TRUE(state_comes_to(R"("state":"caught_up")"));
}

TEST_F(SourceFailure, AFetchErrorAfterALostConnectionIsReportedAlthoughKafkaAnswersAgain) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka_.make_topic("seats");
    const auto source = start(configure_topic(topic));
    produce_deltas(topic, 0, 10);
    EXPECT_TRUE(comes_to(topic, 10));
    Watch states = watch_states();
    ::kill(source->pid(), SIGSTOP);
    kafka_.command("error fetch 1 _TRANSPORT");
    kafka_.command("error fetch 3 UNKNOWN");
    produce_deltas(topic, 10, 20);
    ::kill(source->pid(), SIGCONT);

    EXPECT_NE(next_state(states, "Unknown broker error"), "");

    EXPECT_TRUE(comes_to(topic, 20));
    EXPECT_TRUE(state_comes_to(R"("state":"caught_up")"));
}

TEST_F(SourceFailure, AFetchErrorIsReportedAlthoughTheSnapshotIsLoadedRightAfterIt) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka_.make_topic("seats");
    produce_deltas(topic, 0, 10);
    Watch states = watch_states();
    kafka_.command("error fetch 3 UNKNOWN");
    const auto source = start(configure_topic(topic, "", "snapshot = true"));

    EXPECT_NE(next_state(states, "Unknown broker error"), "");

    EXPECT_TRUE(comes_to(topic, 10));
    EXPECT_TRUE(state_comes_to(R"("state":"caught_up")"));
}

TEST_F(SourceFailure, InvalidConfigurationEndsTheSourceWithADistinctStatus) {
    const std::string path = directory_ / "none.toml";
    std::ofstream(path) << "grid = \"" << grid_.name() << "\"\n[source]\n"
                        << "[[source.topic]]\nname = \"seats\"\n"
                        << merge_rule;

    EXPECT_EQ(run("source --config " + path).status, 2);
}

TEST_F(SourceFailure, UnreadableTopicEndsTheSource) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka_.make_topic("seats");
    kafka_.command("error fetch 3 TOPIC_AUTHORIZATION_FAILED");
    const auto source = start(configure_topic(topic));

    EXPECT_EQ(source->finish(0), 1);

    const std::string errors = source->errors();
    EXPECT_NE(errors.find("user is not authorized for the topic; grant access in Kafka"),
              std::string::npos)
        << errors;
}

TEST_F(SourceFailure, AGroupThatNobodyMayUseEndsTheSource) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka_.make_topic("seats");
    kafka_.command("error join_group 5 GROUP_AUTHORIZATION_FAILED");
    const auto source = start(configure_topic(topic));

    EXPECT_EQ(source->finish(0), 1);

    const std::string errors = source->errors();
    EXPECT_NE(errors.find("user is not authorized for the consumer group; grant access in Kafka"),
              std::string::npos)
        << errors;
}

TEST_F(SourceFailure, DeadLettersThatKafkaDoesNotTakeHoldTheMessage) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string topic = kafka_.make_topic("seats");
    const std::string dead = kafka_.make_topic("dead");
    produce(kafka_, topic, {{"A", R"({"n":1})"}, {"A", "no json"}, {"A", R"({"n":2})"}});
    kafka_.command("leader " + dead + " 0 -1");
    const auto source = start(configure_topic(topic, "dead_letter_topic = \"" + dead + '"'));

    EXPECT_TRUE(state_comes_to(R"("state":"held")"));
    EXPECT_LE(position(topic), 1);
    kafka_.command("leader " + dead + " 0 1");

    EXPECT_TRUE(comes_to(topic, 3));
    EXPECT_GE(consume(kafka_, dead, 1).size(), 1);
    EXPECT_EQ(version("seat/A"), 2);
}

TEST_F(SourceFailureOfSmallGrid, AFullGridIsWaitedFor) {
    const std::string topic = kafka_.make_topic("seats");
    const std::string filling = '"' + std::string(100'000, 'x') + '"';
    int filled = 0;
    while (client_.put("fill/" + std::to_string(filled), filling)) ++filled;
    std::vector<TestMessage> messages;
    for (int i = 0; i < 20; ++i) {
        messages.push_back({std::to_string(i), "{\"t\":\"" + std::string(50'000, 'y') + "\"}"});
    }
    produce(kafka_, topic, messages);
    const auto source = start(configure_topic(topic));

    // The state record finds no room either.
    EXPECT_TRUE(source->comes_to_say("applying no messages: ", patience));
    EXPECT_LT(position(topic), 20);
    for (int i = 0; i < filled; ++i) client_.remove("fill/" + std::to_string(i)).value();
    client_.compact().value();

    EXPECT_TRUE(comes_to(topic, 20));
    EXPECT_EQ(version("seat/19"), 1);
    EXPECT_TRUE(source->comes_to_say("applying messages again", patience));
    EXPECT_EQ(source->finish(SIGTERM), 0);
}

TEST_F(SourceFailure, ABrokerThatIsAwayForLongIsWaitedFor) {
    const std::string topic = kafka_.make_topic("seats");
    const auto source = start(configure_topic(topic));
    produce_deltas(topic, 0, 100);
    EXPECT_TRUE(comes_to(topic, 100));
    grid_.kill_broker();
    produce_deltas(topic, 100, 3000);

    grid_.start();

    EXPECT_TRUE(comes_to(topic, 3000));
    EXPECT_EQ(version("seat/A"), 3000);
    EXPECT_EQ(source->finish(SIGTERM), 0);
}

TEST_F(SourceFailure, RecreatedGridGetsAllMessagesAgain) {
    const std::string topic = kafka_.make_topic("seats");
    const auto source = start(configure_topic(topic));
    produce_deltas(topic, 0, 1000);
    EXPECT_TRUE(comes_to(topic, 1000));
    grid_.lose();
    grid_.start();
    client_ = attach();
    produce_deltas(topic, 1000, 1100);

    EXPECT_TRUE(comes_to(topic, 1100));
    EXPECT_EQ(version("seat/A"), 1100);
    EXPECT_TRUE(state_comes_to(R"("state":"caught_up")"));
}

TEST_F(SourceFailure, AGridThatComesBackFromItsStoreGetsWhatTheDiskHadNotYet) {
    const TemporaryDirectory store;
    grid_.lose();
    grid_.set_options({"--memory", "64MiB", "--data", store.path()});
    grid_.start();
    client_ = attach();
    const std::string topic = kafka_.make_topic("seats");
    const auto source = start(configure_topic(topic, "durable = true\nbatch_messages = 10"));
    for (int round = 0; round < 3; ++round) {
        produce_deltas(topic, 1000 * round, 1000 * round + 1000);
        const std::int64_t some = 1000 * round + 1;
        EXPECT_TRUE(eventually([&] { return position(topic) >= some; }, patience));
        grid_.lose();  // at some point in the middle
        grid_.start();
        client_ = attach();
    }

    EXPECT_TRUE(comes_to(topic, 3000));
    EXPECT_EQ(version("seat/A"), 3000);
    EXPECT_EQ(source->finish(SIGTERM), 0);
    grid_.stop();  // before its store is removed
}

TEST_F(SourceFailure, AGridThatIsNotThereYetIsWaitedFor) {
    const std::string topic = kafka_.make_topic("seats");
    produce_deltas(topic, 0, 10);
    const std::string config = configure_topic(topic);
    grid_.lose();
    Process source({built::kafka, "source", "--config", config});
    EXPECT_TRUE(source.comes_to_say("waiting for grid", patience));

    grid_.start();
    client_ = attach();

    EXPECT_EQ(source.read_line(patience), "ready");
    EXPECT_TRUE(comes_to(topic, 10));
}

}  // namespace
}  // namespace ringside::testing
