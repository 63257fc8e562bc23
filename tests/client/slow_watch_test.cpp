#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "ringside/client.hpp"
#include "tests/support/test_grid.hpp"

/// Watches whose consumers are slower than the lease of their pins.
namespace ringside {
namespace {

using namespace std::chrono_literals;

class SlowWatch : public ::testing::Test {
protected:
    testing::TestGrid grid_{{"--memory", "16MiB", "--ring-entries", "256"}};
    Client client_ = Client::attach({.grid = grid_.name(), .timeout = testing::soon}).value();

    /// Writes several times the memory of the grid, so that old pins are revoked.
    void press() {
        const std::string text = '"' + std::string(3000, 'x') + '"';
        Pipeline pipeline = client_.pipeline().value();
        for (int i = 0; i < 10'000; ++i) {
            pipeline.put("other/" + std::to_string(i % 50), text).value();
        }
        ASSERT_TRUE(pipeline.flush());
    }
};

TEST_F(SlowWatch, GetsTheWholeStateThoughItsPinIsRevokedAgainAndAgain) {
    constexpr int records = 300;
    const auto name_of = [](int i) { return "r/" + std::to_string(1000 + i); };
    for (int i = 0; i < records; ++i) client_.put(name_of(i), "0").value();
    const Client reader = Client::attach({.grid = grid_.name(), .timeout = testing::soon}).value();
    Watch watch = reader.watch("r/*", {.initial = true}).value();
    std::vector<std::string> names;
    for (int event_count = 0; names.empty() || names.back() != name_of(records - 1);) {
        const auto event = watch.next(60s);
        if (!event) {
            ASSERT_EQ(event.error(), Errc::snapshot_expired) << event.error().text();
            ASSERT_FALSE(names.empty());
            names.pop_back();  // the event may have been overwritten, so it is delivered again
            continue;
        }
        ASSERT_EQ(event->kind, WatchKind::current) << name(event->kind);
        names.emplace_back(event->record.name());
        ASSERT_LE(names.size(), static_cast<std::size_t>(records));
        if (++event_count % 100 == 0) press();
    }
    for (int i = 0; i < records; ++i) ASSERT_EQ(names.at(static_cast<std::size_t>(i)), name_of(i));
    // The watch was lapped by the changes in between, and is notified.
    EXPECT_EQ(watch.next(60s)->kind, WatchKind::lagged);
    EXPECT_EQ(watch.next(60s)->record.name(), name_of(0));
}

TEST_F(SlowWatch, BeginsWithTheStateWhenAPinSlotIsFreeAgain) {
    client_.put("r/1", "1").value();
    const Client reader = Client::attach({.grid = grid_.name(), .timeout = testing::soon}).value();
    Watch watch = reader.watch("r/*").value();
    std::vector<Snapshot> snapshots;
    for (;;) {
        auto snapshot = reader.snapshot();
        if (!snapshot) {
            ASSERT_EQ(snapshot.error(), Errc::lane_limit);
            break;
        }
        snapshots.push_back(std::move(*snapshot));
    }
    for (int i = 0; i < 2000; ++i) client_.put("other", "1").value();
    EXPECT_EQ(watch.next(60s)->kind, WatchKind::lagged);
    EXPECT_EQ(watch.next(60s).error(), Errc::lane_limit);
    EXPECT_EQ(watch.poll().error(), Errc::lane_limit);
    snapshots.pop_back();
    const auto current = watch.next(60s);
    ASSERT_TRUE(current) << current.error().text();
    EXPECT_EQ(current->kind, WatchKind::current);
    EXPECT_EQ(current->record.name(), "r/1");
}

TEST_F(SlowWatch, ChangesWithinTheStateAreNotDeliveredAgain) {
    for (int i = 0; i < 100; ++i) client_.put("r/" + std::to_string(1000 + i), "0").value();
    const Client reader = Client::attach({.grid = grid_.name(), .timeout = testing::soon}).value();
    Watch watch = reader.watch("r/*", {.mode = WatchMode::every, .initial = true}).value();
    const std::string first(watch.next(60s)->record.name());
    EXPECT_EQ(first, "r/1000");
    std::map<std::string, Version> versions;
    for (int i = 1; i < 100; ++i) {
        const auto event = watch.next(60s).value();
        ASSERT_EQ(event.kind, WatchKind::current);
        versions[std::string(event.record.name())] = event.record.version();
    }
    client_.put("r/1000", "1").value();
    client_.put("r/1099", "1").value();
    for (const std::string wanted : {"r/1000", "r/1099"}) {
        const auto event = watch.next(60s).value();
        EXPECT_EQ(event.kind, WatchKind::put);
        EXPECT_EQ(event.record.name(), wanted);
        EXPECT_GT(event.record.version(), versions[wanted]);
    }
    EXPECT_EQ(watch.poll().error(), Errc::would_block);
}

}  // namespace
}  // namespace ringside
