#include "ringside/watch.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

#include "ringside/client.hpp"
#include "tests/support/asleep.hpp"
#include "tests/support/test_grid.hpp"

namespace ringside {
namespace {

using std::chrono::milliseconds;
using testing::soon;
using testing::TestGrid;

class WatchTest : public ::testing::Test {
protected:
    TestGrid grid_{{"--memory", "64MiB", "--ring-entries", "64"}};
    Client client_ = Client::attach({.grid = grid_.name()}).value();

    static std::string shown(const WatchEvent& event) {
        std::string text(name(event.kind));
        if (event.kind == WatchKind::lagged) return text + " " + std::to_string(event.missed);
        text += " " + std::string(event.record.name());
        if (const auto value = event.value()) text += "=" + to_json(*value);
        return text;
    }
    /// Returns all events that are available without waiting, in one line.
    static std::string drain(Watch& watch) {
        std::string all;
        for (auto event = watch.poll(); event; event = watch.poll()) {
            all += (all.empty() ? "" : ", ") + shown(*event);
        }
        return all;
    }
};

TEST_F(WatchTest, EveryDeliversEachChangeInOrder) {
    Watch watch = client_.watch("a/**", {.mode = WatchMode::every}).value();
    client_.put("a/1", "1").value();
    client_.put("b/1", "1").value();
    client_.put("a/1", "2").value();
    client_.put("a/1", R"({"x":1})").value();
    client_.patch("a/1", "/x", "2").value();
    client_.remove("a/1").value();
    EXPECT_EQ(drain(watch),
              R"(put a/1=1, put a/1=2, put a/1={"x":1}, patch a/1={"x":2}, remove a/1)");
}

TEST_F(WatchTest, LatestFoldsChangesOfARecord) {
    Watch watch = client_.watch("**").value();
    client_.put("a", "1").value();
    client_.put("b", "1").value();
    client_.put("a", "2").value();
    EXPECT_EQ(drain(watch), "put b=1, put a=2");
    EXPECT_EQ(drain(watch), "");
    EXPECT_EQ(watch.delivered(), client_.revision());
}

TEST_F(WatchTest, WatchBeginsAtTheGivenRevision) {
    client_.put("a", "1").value();
    WatchOptions options;
    options.mode = WatchMode::every;
    options.from = client_.put("a", "2").value().revision;
    Watch watch = client_.watch("a", options).value();
    EXPECT_EQ(drain(watch), "put a=2");
    for (int i = 0; i < 100; ++i) client_.put("b", "1").value();
    EXPECT_EQ(client_.watch("a", options).error(), Errc::compacted);
}

TEST_F(WatchTest, BeginsAtMostAtTheRevisionAfterTheNewest) {
    client_.put("a", "1").value();
    WatchOptions options;
    options.mode = WatchMode::every;
    options.from = client_.revision() + 1;
    Watch watch = client_.watch("a", options).value();
    client_.put("a", "2").value();
    EXPECT_EQ(drain(watch), "put a=2");
    options.from = client_.revision() + 2;
    EXPECT_EQ(client_.watch("a", options).error(), Errc::future_revision);
}

TEST_F(WatchTest, InitialOptionDeliversTheState) {
    for (int i = 0; i < 200; ++i) client_.put("r/" + std::to_string(1000 + i), "0").value();
    WatchOptions options;
    options.initial = true;
    Watch watch = client_.watch("r/*", options).value();
    client_.put("r/1000", "1").value();
    int current = 0;
    std::string last;
    for (auto event = watch.poll(); event; event = watch.poll()) {
        last = shown(*event);
        if (event->kind == WatchKind::current) ++current;
    }
    EXPECT_EQ(current, 200);
    EXPECT_EQ(last, "put r/1000=1");
}

TEST_F(WatchTest, APointerSeesOnlyChangesOfItsValue) {
    client_.put("a", R"({"x":1,"y":1})").value();
    WatchOptions options;
    options.pointer = "/x";
    Watch watch = client_.watch("a", options).value();
    client_.patch("a", "/y", "2").value();
    EXPECT_EQ(drain(watch), "");
    client_.patch("a", "/x", "2").value();
    client_.patch("a", "/y", "3").value();
    EXPECT_EQ(drain(watch), "patch a=2") << "though the last change was another one";
    client_.put("a", R"({"x":2,"y":9})").value();
    EXPECT_EQ(drain(watch), "");
    client_.put("a", R"({"y":9})").value();
    EXPECT_EQ(drain(watch), "put a");
}

TEST_F(WatchTest, APointerSeesThatANumberIsWrittenAsAnotherOne) {
    client_.put("a", R"({"x":1})").value();
    WatchOptions options;
    options.pointer = "/x";
    Watch watch = client_.watch("a", options).value();
    client_.put("a", R"({"x":1.0})").value();
    EXPECT_EQ(drain(watch), "put a=1.0");
    client_.put("a", R"({"x":1.0,"y":2})").value();
    EXPECT_EQ(drain(watch), "");
    client_.put("a", R"({"x":-0})").value();
    client_.put("a", R"({"x":0.0})").value();
    EXPECT_EQ(drain(watch), "put a=-0.0, put a=0.0");
}

TEST_F(WatchTest, LappedWatchReportsLaggedAndGetsTheStateInModeLatest) {
    // The first watch of a session creates the session's record, which is also a commit.
    const Watch first_watch = client_.watch("none").value();
    ASSERT_TRUE(testing::eventually([&] { return client_.revision() == 1; }));
    const Revision before = client_.revision();
    Watch every = client_.watch("**", {.mode = WatchMode::every}).value();
    Watch latest = client_.watch("**").value();
    for (int i = 0; i < 200; ++i)
        client_.put("r/" + std::to_string(i % 3), std::to_string(i)).value();
    EXPECT_EQ(drain(latest), "lagged 200, current r/0=198, current r/1=199, current r/2=197");
    const auto first = every.poll().value();
    EXPECT_EQ(first.kind, WatchKind::lagged);
    EXPECT_EQ(first.missed, 136U);
    EXPECT_EQ(first.resumes_at, before + 136U);
    EXPECT_EQ(shown(every.poll().value()), "put r/1=136");
}

TEST_F(WatchTest, SleepsUntilSomethingHappens) {
    Watch watch = client_.watch("deep/*").value();
    EXPECT_EQ(watch.next(milliseconds(20)).error(), Errc::timed_out);
    std::thread writing([&, watcher = gettid()] {
        Client other = Client::attach({.grid = grid_.name()}).value();
        EXPECT_TRUE(testing::falls_asleep(watcher));
        other.put("other", "1").value();
        other.put("deep/1", "1").value();
    });
    const auto event = watch.next(soon);
    writing.join();
    ASSERT_TRUE(event) << event.error().text();
    EXPECT_EQ(shown(*event), "put deep/1=1");
}

TEST_F(WatchTest, DescriptorBecomesReadable) {
    Watch watch = client_.watch("a").value();
    const int descriptor = watch.descriptor().value();
    EXPECT_EQ(drain(watch), "");
    const auto is_readable = [&] {
        pollfd waiting{descriptor, POLLIN, 0};
        return poll(&waiting, 1, static_cast<int>(soon.count())) == 1;
    };
    for (int i = 0; i < 20; ++i) {
        client_.put("a", std::to_string(i)).value();
        ASSERT_TRUE(is_readable());
        std::string got = drain(watch);
        while (got.empty() && is_readable()) got = drain(watch);
        ASSERT_EQ(got, "put a=" + std::to_string(i));
    }
}

TEST_F(WatchTest, RefusesWhatItCannotWatch) {
    EXPECT_EQ(client_.watch("a**").error(), Errc::bad_pattern);
    WatchOptions options;
    options.pointer = "x";
    EXPECT_EQ(client_.watch("a", options).error(), Errc::bad_pointer);
    options = {};
    options.from = 1;
    options.initial = true;
    EXPECT_EQ(client_.watch("a", options).error(), Errc::bad_request);
}

TEST_F(WatchTest, WatchContinuesWithTheNextBroker) {
    Watch watch = client_.watch("**").value();
    client_.put("a", "1").value();
    EXPECT_EQ(drain(watch), "put a=1");
    grid_.stop();
    grid_.start();
    Client other = Client::attach({.grid = grid_.name()}).value();
    other.put("b", "1").value();
    std::string all;
    while (all.find("b=1") == std::string::npos) {
        const auto event = watch.next(soon);
        ASSERT_TRUE(event) << event.error().text();
        all += shown(*event) + ", ";
    }
    EXPECT_EQ(all.rfind("lagged", 0), 0U) << all;
}

TEST_F(WatchTest, EventReportsWhetherAChangeAffectsAValue) {
    Watch watch = client_.watch("a/*", {.what = WatchFor::changes | WatchFor::events}).value();
    const JsonPointer x = JsonPointer::parse("/x").value();
    const auto next_touches = [&] {
        watch.poll().value();
        return watch.affects(x);
    };
    client_.put("a/1", R"({"x":1,"y":1})").value();
    EXPECT_TRUE(next_touches());
    client_.patch("a/1", "/y", "2").value();
    EXPECT_FALSE(next_touches());
    client_.put("a/1", R"({"x":1,"y":3})").value();
    EXPECT_FALSE(next_touches()) << "written, and the same";
    client_.put("a/1", R"({"x":2,"y":3})").value();
    EXPECT_TRUE(next_touches());
    client_.publish("a/1", "0").value();
    EXPECT_TRUE(next_touches()) << "an event is not a change of a value";
    client_.remove("a/1").value();
    EXPECT_TRUE(next_touches());
}

}  // namespace
}  // namespace ringside
