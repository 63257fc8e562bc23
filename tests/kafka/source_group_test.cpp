#include "tests/kafka/source_test.hpp"

namespace ringside::testing {
namespace {

/// Several sources of one group.
class SourceGroup : public SourceTest {
protected:
    SourceGroup() { session_ms_ = short_session_ms; }

    /// Merges {"n": i} for i of [from, to) into ten records.
    void produce_deltas(const std::string& topic, int from, int to) const {
        std::vector<TestMessage> messages;
        for (int i = from; i < to; ++i) {
            messages.push_back({std::to_string(i % 10), fmt::format(R"({{"n":{}}})", i)});
        }
        produce(kafka_, topic, messages);
    }
    void expect_applied_once(int count) const {
        for (int key = 0; key < 10; ++key) {
            const std::string name = "seat/" + std::to_string(key);
            EXPECT_EQ(version(name), count / 10) << name;
            EXPECT_EQ(json(name), fmt::format(R"({{"n":{}}})", count - 10 + key)) << name;
        }
    }
    /// Waits until the living sources have these numbers of partitions, in any order.
    [[nodiscard]] bool partitions_come_to(std::vector<int> wanted) const {
        std::sort(wanted.begin(), wanted.end());
        return eventually(
            [&] {
                std::vector<int> found;
                for (const std::string& state : states()) {
                    int count = 0;
                    for (std::size_t at = 0;
                         (at = state.find("\"topic\":", at)) != std::string::npos; ++at) {
                        ++count;
                    }
                    found.push_back(count);
                }
                std::sort(found.begin(), found.end());
                return found == wanted;
            },
            patience);
    }
};

class SourceGroupProtocol : public SourceGroup,
                            public ::testing::WithParamInterface<const char*> {};

TEST_P(SourceGroupProtocol, SourcesShareThePartitionsAndTakeThemOver) {
    const std::string topic = kafka_.make_topic("seats", 4);
    const std::string config = configure(
        fmt::format("group = \"test\"\n[[source.topic]]\nname = \"{}\"\n{}", topic, merge_rule),
        fmt::format("\"partition.assignment.strategy\" = \"{}\"", GetParam()));
    produce_deltas(topic, 0, 1000);
    const auto first = start(config);
    EXPECT_TRUE(comes_to(topic, 1000, 4));

    const auto second = start(config);
    EXPECT_TRUE(partitions_come_to({2, 2}));
    produce_deltas(topic, 1000, 2000);
    EXPECT_TRUE(comes_to(topic, 2000, 4));

    EXPECT_EQ(first->finish(SIGTERM), 0);
    produce_deltas(topic, 2000, 3000);
    EXPECT_TRUE(comes_to(topic, 3000, 4));
    expect_applied_once(3000);
    EXPECT_EQ(second->finish(SIGTERM), 0);
}

INSTANTIATE_TEST_SUITE_P(Strategies, SourceGroupProtocol,
                         ::testing::Values("range", "cooperative-sticky"), [](const auto& one) {
                             return std::string(one.param) == "range" ? "Eager" : "Cooperative";
                         });

TEST_F(SourceGroup, AProcessThatWasStoppedForLongAppliesNothingTwice) {
    const std::string topic = kafka_.make_topic("seats", 2);
    const std::string config = configure_topic(topic);
    produce_deltas(topic, 0, 1000);
    const auto zombie = start(config);
    EXPECT_TRUE(comes_to(topic, 1000, 2));
    ::kill(zombie->pid(), SIGSTOP);
    produce_deltas(topic, 1000, 2000);

    const auto heir = start(config);
    EXPECT_TRUE(comes_to(topic, 2000, 2));
    ::kill(zombie->pid(), SIGCONT);
    produce_deltas(topic, 2000, 3000);

    EXPECT_TRUE(partitions_come_to({1, 1}));
    EXPECT_TRUE(comes_to(topic, 3000, 2));
    expect_applied_once(3000);
}

TEST_F(SourceGroup, PartitionReturnedWhilePausedIsReadWhenReassigned) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string snapshot = kafka_.make_topic("state");
    const std::string changes = kafka_.make_topic("changes", 3);
    produce_deltas(changes, 0, 100);
    kafka_.command("leader " + snapshot + " 0 -1");
    const std::string config = configure(fmt::format(R"(
        group = "test"
        [[source.topic]]
        name = "{}"
        {}
        [[source.topic]]
        name = "{}"
        snapshot = true
        {})",
                                                     changes, merge_rule, snapshot, merge_rule));
    const auto first = start(config);
    EXPECT_TRUE(partitions_come_to({4}));
    const auto second = start(config);
    EXPECT_TRUE(partitions_come_to({1, 3}));  // `range` assigns each topic separately
    EXPECT_EQ(second->finish(SIGTERM), 0);
    EXPECT_TRUE(partitions_come_to({4}));

    kafka_.command("leader " + snapshot + " 0 1");

    EXPECT_TRUE(comes_to(changes, 100, 3));
    expect_applied_once(100);
}

TEST_F(SourceGroup, OneWithoutPartitionsStandsBy) {
    const std::string topic = kafka_.make_topic("seats", 1);
    const std::string config = configure_topic(topic);
    const auto first = start(config);
    const auto second = start(config);

    EXPECT_TRUE(partitions_come_to({0, 1}));

    EXPECT_TRUE(state_comes_to(R"("state":"standby")"));
    EXPECT_TRUE(state_comes_to(R"("state":"caught_up")"));
    EXPECT_EQ(run("ready --config " + config).status, 0);
}

}  // namespace
}  // namespace ringside::testing
