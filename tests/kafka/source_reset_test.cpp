#include <future>
#include <thread>

#include "tests/kafka/source_test.hpp"
#include "tools/kafka/config.hpp"
#include "tools/kafka/source/source.hpp"

namespace ringside::testing {
namespace {

/// A source in a thread of the test, which soon treats a position as beyond its topic.
class SourceThread {
public:
    SourceThread(std::string grid, const std::string& config)
        : grid_(std::move(grid)), options_(*kafka::read_config(config).value().source) {
        options_.leader_patience = std::chrono::milliseconds(200);
        thread_ = std::jthread([this](const std::stop_token& stop) {
            const auto ended =
                kafka::Source::run(grid_, options_, stop, [this] { ready_.set_value(); });
            EXPECT_TRUE(ended) << ended.error().text();
        });
        EXPECT_EQ(ready_.get_future().wait_for(std::chrono::seconds(60)),
                  std::future_status::ready);
    }

private:
    const std::string grid_;
    kafka::SourceOptions options_;
    std::promise<void> ready_;
    std::jthread thread_;
};

/// Partitions whose positions are invalid.
class SourceReset : public SourceTest {
protected:
    [[nodiscard]] SourceThread run_source(const std::string& config) const {
        return {grid_.name(), config};
    }
    void produce_deltas(const std::string& topic, int from, int to) const {
        std::vector<TestMessage> messages;
        for (int i = from; i < to; ++i) messages.push_back({"A", fmt::format(R"({{"n":{}}})", i)});
        produce(kafka_, topic, messages);
    }
    void set_position(const std::string& topic, int offset) {
        client_.put("kafka/test/" + topic + "/0", fmt::format(R"({{"offset":{}}})", offset))
            .value();
    }
    /// Configures two topics: a snapshot, and one that waits for it, with further lines.
    std::string configure_snapshot(const std::string& snapshot, const std::string& topic,
                                   const std::string& of_topic = {}) {
        return configure(fmt::format(R"(
            group = "test"
            [[source.topic]]
            name = "{}"
            {}
            {}
            [[source.topic]]
            name = "{}"
            snapshot = true
            {})",
                                     topic, of_topic, merge_rule, snapshot, merge_rule));
    }
};

TEST_F(SourceReset, AMessageThatIsRefusedAfterItCostsNoOther) {
    const std::string topic = kafka_.make_topic("seats");
    produce_deltas(topic, 0, 10);
    produce(kafka_, topic, {{"none", std::nullopt}});
    produce_deltas(topic, 11, 21);
    set_position(topic, 1000);

    const auto source = run_source(configure_topic(topic));

    EXPECT_TRUE(comes_to(topic, 21));
    EXPECT_EQ(version("seat/A"), 20);
}

TEST_F(SourceReset, ABrokerThatIsKilledAfterItCostsNoMessage) {
    const std::string topic = kafka_.make_topic("seats");
    produce_deltas(topic, 0, 10);
    set_position(topic, 100'000);
    const auto source = run_source(configure_topic(topic, "batch_messages = 10"));
    EXPECT_TRUE(comes_to(topic, 10));

    produce_deltas(topic, 10, 3000);
    grid_.kill_broker();
    grid_.start();

    EXPECT_TRUE(comes_to(topic, 3000));
    EXPECT_EQ(version("seat/A"), 3000);
}

TEST_F(SourceReset, ResetPositionIsInTheGridBeforeAnyMessage) {
    const std::string topic = kafka_.make_topic("seats");
    set_position(topic, 1000);

    const auto source = run_source(configure_topic(topic));

    EXPECT_TRUE(comes_to(topic, 0));
    EXPECT_TRUE(state_comes_to(R"("resets":1)"));
}

TEST_F(SourceReset, SnapshotsAreNotLoadedAsLongAsTheirPositionsAreBeyondTheirEnds) {
    const std::string snapshot = kafka_.make_topic("state");
    const std::string changes = kafka_.make_topic("changes");
    produce_deltas(snapshot, 0, 20);
    produce(kafka_, changes, {{"first", R"({"n":1})"}});
    set_position(snapshot, 1000);

    const auto source = run_source(configure_snapshot(snapshot, changes));

    EXPECT_TRUE(comes_to(changes, 1));
    EXPECT_EQ(position(snapshot), 20);
    EXPECT_LT(client_.get("seat/A").value().revision(), client_.get("seat/first")->revision());
}

TEST_F(SourceReset, PartitionThatWaitedForSnapshotsBeginsAtTheConfiguredPlace) {
    if (!kafka_.is_mock()) GTEST_SKIP() << MockKafka::no_mock;
    const std::string snapshot = kafka_.make_topic("state");
    const std::string changes = kafka_.make_topic("changes");
    produce_deltas(changes, 0, 10);
    kafka_.command("leader " + snapshot + " 0 -1");
    const auto source = run_source(configure_snapshot(snapshot, changes, "start = \"latest\""));
    EXPECT_TRUE(state_comes_to(R"("topic":")" + changes));

    kafka_.command("leader " + snapshot + " 0 1");

    EXPECT_TRUE(comes_to(changes, 10));
    EXPECT_EQ(version("seat/A"), 0);
}

}  // namespace
}  // namespace ringside::testing
