#include <algorithm>
#include <stop_token>
#include <thread>

#include "tests/kafka/sink_test.hpp"
#include "tests/support/seeded_test.hpp"

namespace ringside::testing {
namespace {

using namespace std::chrono_literals;

class SinkCrash : public SeededTest {
protected:
    /// Kills a sink that many times while a grid changes. A consumer must end with the content of
    /// the grid, and must have received each change.
    void kill_at_random(int kills) {
        TestGrid grid({"--memory", "256MiB", "--ring-entries", "1048576"});
        MockKafka kafka;
        const std::string topic = kafka.make_topic("sink", 16);
        Client client = attach(grid);
        // Slow enough that some messages are always under way.
        if (kafka.is_mock()) kafka.command("rtt -1 40");
        TestSink sink(grid, kafka, topic);
        // From its first position on, it sends each change.
        ASSERT_TRUE(eventually([&] { return position_of(client) > 0; }));
        TestConsumer consumer(kafka, topic);
        std::map<std::string, std::vector<Revision>> made;
        std::jthread writer([&](const std::stop_token& stop) { write_until(stop, grid, made); });

        Random dice = random(1);
        for (int i = 0; i < kills; ++i) {
            // Reads all the time, because the mock keeps only a limited amount.
            consumer.read_until([](const auto&) { return false; },
                                std::chrono::milliseconds(dice.below(450)));
            sink.kill();
            sink.start_without_waiting();
            const bool waits = i + 1 == kills || !dice.one_in(3);
            EXPECT_TRUE(!waits || sink.wait_until_ready());
        }
        writer.request_stop();
        writer.join();

        Mirror mirror;
        std::size_t applied = 0;
        const auto wanted = state_of(client);
        consumer.read_until(
            [&](const auto& messages) {
                for (; applied < messages.size(); ++applied) mirror.apply(messages[applied]);
                return mirror.state() == wanted && unseen(mirror, made).empty();
            },
            60s * patience);
        EXPECT_EQ(mirror.state(), wanted);
        EXPECT_TRUE(std::all_of(consumer.all().begin(), consumer.all().end(), [](const auto& one) {
            return header_of(one, "kind") != "lagged";
        })) << "the grid retains all of it";
        EXPECT_EQ(unseen(mirror, made), (std::vector<Revision>{}));
        expect_in_order(consumer.all());
        EXPECT_EQ(sink.stop(), 0);
    }

private:
    void write_until(const std::stop_token& stop, const TestGrid& grid,
                     std::map<std::string, std::vector<Revision>>& made) const {
        Client client = attach(grid);
        Random dice = random(2);
        for (int i = 0; !stop.stop_requested(); ++i) {
            Transaction changes;
            std::vector<std::string> names;
            for (std::uint64_t n = dice.between(1, 3); n > 0; --n) {
                names.push_back("event/" + std::to_string(dice.below(40)));
                if (std::count(names.begin(), names.end(), names.back()) > 1) {
                    names.pop_back();
                    continue;
                }
                changes.put(names.back(), std::to_string(i)).value();
            }
            const Revision revision = client.commit(changes).value().revision;
            // Bounds what is sent again at each start, and so the amount that the mock keeps.
            while (!stop.stop_requested() && revision > position_of(client) + 2000) usleep(1000);
            for (const std::string& name : names) made[name].push_back(revision);
            if (dice.one_in(20)) {
                made[names.front()].push_back(client.remove(names.front()).value().revision);
            }
            std::this_thread::sleep_for(500us);
        }
    }

    /// Returns revisions that were made and not received.
    static std::vector<Revision> unseen(const Mirror& mirror,
                                        const std::map<std::string, std::vector<Revision>>& made) {
        std::vector<Revision> missing;
        for (const auto& [name, revisions] : made) {
            const auto seen = mirror.seen().find(name);
            for (const Revision revision : revisions) {
                const bool is_seen = seen != mirror.seen().end() && seen->second.contains(revision);
                if (!is_seen) missing.push_back(revision);
            }
        }
        return missing;
    }
};

TEST_F(SinkCrash, NothingIsMissingAfterThreeKills) { kill_at_random(3); }

class LongSinkCrash : public SinkCrash {};
TEST_F(LongSinkCrash, NothingIsMissingAfterTwentyKills) { kill_at_random(20); }
TEST_F(LongSinkCrash, NothingIsMissingHoweverOftenItIsKilled) { kill_at_random(500); }

}  // namespace
}  // namespace ringside::testing
