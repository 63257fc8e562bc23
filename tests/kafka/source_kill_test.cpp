#include <algorithm>
#include <map>
#include <random>

#include "tests/kafka/source_test.hpp"

namespace ringside::testing {
namespace {

constexpr int keys = 50;
constexpr int partitions = 4;

/// The deltas of a topic, and their result.
class Deltas {
public:
    /// Writes the next `count`, each of which sets one of seven members of one of the keys.
    void produce(const MockKafka& kafka, const std::string& topic, int count) {
        std::vector<TestMessage> messages;
        for (const int end = number_ + count; number_ < end; ++number_) {
            const int key = number_ * 7 % keys;
            const std::string member = fmt::format("m{}", number_ % 7);
            messages.push_back(
                {std::to_string(key), fmt::format(R"({{"{}":{}}})", member, number_)});
            members_[key][member] = number_;
            ++counts_[key];
        }
        testing::produce(kafka, topic, messages);
    }
    [[nodiscard]] int count() const noexcept { return number_; }

    /// Expects every record to have exactly its deltas: the number of versions, and the result.
    void expect_in(const Client& client, const std::string& prefix) const {
        for (const auto& [key, members] : members_) {
            const auto record = client.get(prefix + std::to_string(key));
            ASSERT_TRUE(record) << key;
            EXPECT_EQ(record->version(), counts_.at(key)) << key;
            std::string wanted;
            for (const auto& [name, value] : members) {
                wanted += fmt::format("{}\"{}\":{}", wanted.empty() ? "{" : ",", name, value);
            }
            EXPECT_EQ(to_json(record->document()), wanted + "}") << key;
        }
    }

private:
    int number_ = 0;
    std::map<int, std::map<std::string, int>> members_;
    std::map<int, Version> counts_;
};

/// One group that follows one topic into separate records.
struct Feed {
    std::string group;
    std::string topic;
    std::string config;
    Deltas deltas;
    std::unique_ptr<Process> source;
    int kills = 0;
};

/// Several groups at once, each with sources that are killed at random: most of the time each waits
/// for Kafka to detect that the previous one is gone.
class SourceKill : public SourceTest {
protected:
    SourceKill() : SourceTest(1, {"--memory", "128MiB"}) { session_ms_ = short_session_ms; }

    void make_feeds(int count) {
        for (int i = 0; i < count; ++i) {
            Feed feed;
            feed.group = fmt::format("g{}", i);
            feed.topic = kafka_.make_topic("deltas", partitions);
            feed.config = directory_ / (feed.group + ".toml");
            std::filesystem::rename(configure(fmt::format(R"(
                group = "{}"
                batch_messages = 20
                [[source.topic]]
                name = "{}"
                [[source.topic.rule]]
                record = "{}/{{key}}"
                operation = "merge"
            )",
                                                          feed.group, feed.topic, feed.group)),
                                    feed.config);
            feeds_.push_back(std::move(feed));
        }
    }

    [[nodiscard]] std::int64_t applied(const Feed& feed) const {
        std::int64_t total = 0;
        for (int i = 0; i < partitions; ++i) {
            const auto record =
                client_.get(fmt::format("kafka/{}/{}/{}", feed.group, feed.topic, i));
            if (record) total += record->document()["offset"].as_int64().value_or(0);
        }
        return total;
    }

    /// Lets each feed apply something, and kills its source at any later point, `rounds` times.
    void kill_all(int rounds, std::mt19937_64& random) {
        std::uniform_int_distribution<int> some(0, 600);
        for (int round = 0; round < rounds; ++round) {
            std::vector<std::pair<std::int64_t, Feed*>> targets;
            for (Feed& feed : feeds_) {
                const std::int64_t before = applied(feed);
                feed.deltas.produce(kafka_, feed.topic, 700);
                targets.emplace_back(before + 1 + some(random), &feed);
                feed.source = start(feed.config);
            }
            ASSERT_TRUE(eventually(
                [&] {
                    std::erase_if(targets, [&](const auto& target) {
                        Feed& feed = *target.second;
                        if (applied(feed) < target.first) return false;
                        feed.source->finish(SIGKILL);
                        ++feed.kills;
                        return true;
                    });
                    return targets.empty();
                },
                patience));
        }
    }

    /// Kills the broker while sources apply messages, and lets them apply the rest with the next
    /// one.
    void kill_broker() {
        for (Feed& feed : feeds_) {
            feed.deltas.produce(kafka_, feed.topic, 3000);
            feed.source = start(feed.config);
        }
        const std::int64_t before = applied(feeds_[0]);
        ASSERT_TRUE(eventually([&] { return applied(feeds_[0]) > before; }, patience));
        grid_.kill_broker();
        grid_.start();
        for (Feed& feed : feeds_) {
            ASSERT_TRUE(eventually([&] { return applied(feed) == feed.deltas.count(); }, patience));
            EXPECT_EQ(feed.source->finish(SIGTERM), 0);
        }
    }

    /// Waits until everything is applied, and compares the grid with the topics.
    void expect_all_applied_once() {
        for (Feed& feed : feeds_) feed.source = start(feed.config);
        for (Feed& feed : feeds_) {
            ASSERT_TRUE(eventually([&] { return applied(feed) == feed.deltas.count(); }, patience));
            feed.deltas.expect_in(client_, feed.group + "/");
            EXPECT_EQ(feed.source->finish(SIGTERM), 0);
        }
    }

    std::vector<Feed> feeds_;
};

TEST_F(SourceKill, ThreeKillsLeaveEachMessageAppliedOnce) {
    std::mt19937_64 random(20);
    make_feeds(3);
    kill_all(1, random);
    expect_all_applied_once();
}

TEST_F(SourceKill, ABrokerThatIsKilledMeanwhileMakesNoDifference) {
    std::mt19937_64 random(21);
    make_feeds(2);
    kill_all(1, random);
    kill_broker();
    expect_all_applied_once();
}

class LongSourceKill : public SourceKill, public ::testing::WithParamInterface<int> {};

TEST_P(LongSourceKill, AHundredKillsLeaveEachMessageAppliedOnce) {
    std::mt19937_64 random(static_cast<std::uint64_t>(GetParam()));
    make_feeds(10);
    kill_all(10, random);
    expect_all_applied_once();
}

INSTANTIATE_TEST_SUITE_P(LongSeeds, LongSourceKill, ::testing::Range(1, 6));

class LongSourceKillOnce : public SourceKill {};

TEST_F(LongSourceKillOnce, TwentyKillsLeaveEachMessageAppliedOnce) {
    std::mt19937_64 random(20);
    make_feeds(5);
    kill_all(4, random);
    expect_all_applied_once();
}

TEST_F(LongSourceKillOnce, BrokersThatAreKilledMeanwhileMakeNoDifference) {
    std::mt19937_64 random(21);
    make_feeds(2);
    for (int round = 0; round < 2; ++round) {
        kill_all(1, random);
        kill_broker();
    }
    expect_all_applied_once();
}

}  // namespace
}  // namespace ringside::testing
