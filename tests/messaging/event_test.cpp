#include <gtest/gtest.h>
#include <poll.h>

#include <map>
#include <thread>

#include "tests/support/asleep.hpp"
#include "tests/support/messaging_test.hpp"

namespace ringside {
namespace {

using testing::soon;

class EventTest : public testing::MessagingTest {
protected:
    EventTest() : MessagingTest({"--memory", "64MiB", "--ring-entries", "1024"}) {}
};

TEST_F(EventTest, EventReachesWatchersAndIsNotStored) {
    Watch watch = client_.subscribe("goal/*").value();
    const auto published = client_.publish("goal/7", R"({"by":"Ada"})").value();
    EXPECT_EQ(published.version, 0U);
    const auto event = watch.next(soon).value();
    EXPECT_EQ(event.kind, WatchKind::event);
    EXPECT_EQ(event.record.name(), "goal/7");
    EXPECT_EQ(to_json(event.record.document()), R"({"by":"Ada"})");
    EXPECT_EQ(event.record.revision(), published.revision);
    EXPECT_EQ(client_.get("goal/7").error(), Errc::not_found);
}

TEST_F(EventTest, WatchForChangesSkipsEvents) {
    Watch changes = client_.watch("**").value();
    Watch literal = client_.watch("a", {.mode = WatchMode::every}).value();
    client_.publish("a", "1").value();
    client_.put("a", "2").value();
    EXPECT_EQ(drain(changes), "put a=2");
    EXPECT_EQ(drain(literal), "put a=2");
}

TEST_F(EventTest, IsNeverFolded) {
    Watch watch = client_.watch("a", {.what = WatchFor::changes | WatchFor::events}).value();
    client_.publish("a", "1").value();
    client_.put("a", "2").value();
    client_.put("a", "3").value();
    client_.publish("a", "4").value();
    client_.publish("a", "5").value();
    EXPECT_EQ(drain(watch), "event a=1, put a=3, event a=4, event a=5");
}

TEST_F(EventTest, ComesInOneOrderWithAllChanges) {
    Watch watch =
        client_
            .watch("**", {.mode = WatchMode::every, .what = WatchFor::changes | WatchFor::events})
            .value();
    client_.put("a", "1").value();
    client_.publish("b/c", "2").value();
    client_.put("a", "3").value();
    client_.remove("a").value();
    client_.publish("a", "4").value();
    EXPECT_EQ(drain(watch), "put a=1, event b/c=2, put a=3, remove a, event a=4");
}

TEST_F(EventTest, EventOfATransactionHasItsRevision) {
    Watch watch =
        client_
            .watch("**", {.mode = WatchMode::every, .what = WatchFor::changes | WatchFor::events})
            .value();
    Transaction transaction;
    transaction.put("seat/1", R"("sold")").value();
    transaction.publish("sold", "1").value();
    transaction.publish("sold", Document::parse("2").value()).value();
    EXPECT_EQ(transaction.publish("sold", "{").error(), Errc::bad_json);
    const auto committed = client_.commit(transaction).value();
    EXPECT_EQ(committed.versions, (std::vector<Version>{1, 0, 0}));
    for (const char* expected : {R"(put seat/1="sold")", "event sold=1", "event sold=2"}) {
        const auto event = watch.next(soon).value();
        EXPECT_EQ(shown(event), expected);
        EXPECT_EQ(event.record.revision(), committed.revision);
    }
}

TEST_F(EventTest, EventOfARefusedTransactionIsNotDelivered) {
    Watch watch = client_.subscribe("**").value();
    Transaction transaction;
    transaction.publish("sold", "1").value();
    transaction.remove("nothing").value();
    EXPECT_EQ(client_.commit(transaction).error(), Errc::not_found);
    client_.publish("sold", "2").value();
    EXPECT_EQ(drain(watch), "event sold=2");
}

TEST_F(EventTest, IgnoresThePointerOfItsWatch) {
    Watch watch = client_
                      .watch("a", {.mode = WatchMode::every,
                                   .what = WatchFor::changes | WatchFor::events,
                                   .pointer = "/x"})
                      .value();
    client_.put("a", R"({"x":1,"y":1})").value();
    client_.put("a", R"({"x":1,"y":2})").value();
    client_.publish("a", R"({"y":3})").value();
    EXPECT_EQ(drain(watch), R"(put a=1, event a={"y":3})");
}

TEST_F(EventTest, CanBeReadAgainFromARevisionOn) {
    const Revision first = client_.publish("a", "1")->revision;
    client_.publish("a", "2").value();
    Watch watch = client_.subscribe("a", first).value();
    EXPECT_EQ(drain(watch), "event a=1, event a=2");
}

TEST_F(EventTest, SubjectMustBeAValidName) {
    EXPECT_EQ(client_.publish("", "1").error(), Errc::bad_name);
    EXPECT_EQ(client_.publish("a//b", "1").error(), Errc::bad_name);
    EXPECT_EQ(client_.publish("$sys/a", "1").error(), Errc::reserved_name);
    EXPECT_EQ(client_.publish("a", "{").error(), Errc::bad_json);
    EXPECT_TRUE(client_.publish(std::string(1024, 'n'), "1"));
}

TEST_F(EventTest, CanBeLarge) {
    Watch watch = client_.subscribe("a").value();
    const std::string text = '"' + std::string(300'000, 'x') + '"';
    client_.publish("a", text).value();
    EXPECT_EQ(to_json(watch.next(soon)->record.document()), text);
}

TEST_F(EventTest, EventWakesSleepingWatchers) {
    for (const char* pattern : {"a/b", "a/*", "**"}) {
        std::thread publisher;
        {
            Watch watch = client_.subscribe(pattern).value();
            publisher = std::thread([this, watcher = gettid()] {
                Client other = attach();
                EXPECT_TRUE(testing::falls_asleep(watcher));
                other.publish("a/b", "1").value();
            });
            EXPECT_EQ(next(watch), "event a/b=1") << pattern;
        }
        publisher.join();
    }
}

TEST_F(EventTest, MakesTheDescriptorReadable) {
    Watch watch = client_.subscribe("a").value();
    pollfd waiting{watch.descriptor().value(), POLLIN, 0};
    while (watch.poll()) {
    }
    client_.publish("a", "1").value();
    EXPECT_EQ(::poll(&waiting, 1, static_cast<int>(soon.count())), 1);
    EXPECT_EQ(drain(watch), "event a=1");
}

TEST_F(EventTest, EventsOfEachPublisherArriveInOrder) {
    constexpr int publishers = 3;
    constexpr int events = 5000;
    std::vector<std::thread> threads;
    Watch watch = client_.subscribe("p/*").value();
    std::atomic<int> taken = 0;
    for (int p = 0; p < publishers; ++p) {
        threads.emplace_back([this, p, &taken] {
            Client client = attach();
            Pipeline pipeline = client.pipeline().value();
            for (int i = 0; i < events; ++i) {
                // Stays close enough that the watch is not lapped.
                while (i * publishers > taken + 500) usleep(50);
                pipeline.publish("p/" + std::to_string(p), std::to_string(i)).value();
                if (i % 100 == 0) pipeline.flush().value();
            }
            pipeline.flush().value();
        });
    }
    std::map<std::string, std::int64_t, std::less<>> last;
    for (; taken < publishers * events; ++taken) {
        const auto event = watch.next(soon);
        if (!event || event->kind != WatchKind::event) {
            ADD_FAILURE() << (event ? shown(*event) : event.error().text());
            taken = publishers * events;  // ends the publishers' waits
            break;
        }
        auto& expected = last[std::string(event->record.name())];
        ASSERT_EQ(event->record.document().as_int64(), expected);
        ++expected;
    }
    for (std::thread& thread : threads) thread.join();
}

TEST_F(EventTest, MissedEventsAreCounted) {
    for (const WatchMode mode : {WatchMode::every, WatchMode::latest}) {
        Watch watch = client_.watch("a", {.mode = mode, .what = WatchFor::events}).value();
        Pipeline pipeline = client_.pipeline().value();
        for (int i = 0; i < 3000; ++i) pipeline.publish("a", std::to_string(i)).value();
        pipeline.flush().value();
        std::uint64_t missed = 0;
        std::uint64_t seen = 0;
        std::int64_t last = 0;
        while (const auto event = watch.poll()) {
            if (event->kind == WatchKind::lagged) {
                missed += event->missed;
                continue;
            }
            ++seen;
            last = event->record.document().as_int64().value();
        }
        EXPECT_GE(missed + seen, 3000U) << "the grid's own records change, too";
        EXPECT_LT(seen, 3000U);
        if (mode == WatchMode::every) {
            EXPECT_EQ(last, 2999);
        }
    }
}

TEST_F(EventTest, EventsContinueWithTheNextBroker) {
    Watch watch = client_.subscribe("a").value();
    client_.publish("a", "1").value();
    grid_.kill_broker();
    grid_.start();
    client_.publish("a", "2").value();
    EXPECT_EQ(next(watch), "event a=1");
    EXPECT_EQ(next(watch), "event a=2");
}

}  // namespace
}  // namespace ringside
