#include "shm/wait/deadline.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "ringside/client.hpp"
#include "tests/support/test_grid.hpp"

namespace ringside {
namespace {

using namespace std::chrono_literals;
using shm::Clock;
using shm::Deadline;

TEST(Deadline, SaturatesInsteadOfOverflowing) {
    const auto now = Clock::now();
    EXPECT_EQ(Deadline::after(std::chrono::milliseconds::max(), now), Deadline::never());
    EXPECT_EQ(Deadline::after(std::chrono::hours::max(), now), Deadline::never());
    EXPECT_EQ(Deadline::after(std::chrono::nanoseconds::max(), now), Deadline::never());
    EXPECT_EQ(Deadline::after(std::chrono::milliseconds::min(), now), Deadline(now));
    EXPECT_EQ(Deadline::after(-1ms, now), Deadline(now));
    EXPECT_EQ(Deadline::after(1ms, now), Deadline(now + 1ms));
    EXPECT_EQ(Deadline::after(std::chrono::duration<double>(0.5), now), Deadline(now + 500ms));
    EXPECT_FALSE(Deadline::never().has_passed());
    EXPECT_GT(Deadline::never().left_ms(), 24h);
    EXPECT_EQ(Deadline(now).left(now), 0ns);
    EXPECT_EQ(shm::saturated_ns(std::chrono::microseconds::max()), std::chrono::nanoseconds::max());
    EXPECT_EQ(shm::saturated_ns(std::chrono::microseconds::min()), std::chrono::nanoseconds::min());
}

TEST(Deadline, TheLongestTimeOutsWait) {
    constexpr auto longest = std::chrono::milliseconds::max();
    testing::TestGrid grid;
    Client client = Client::attach({.grid = grid.name(), .timeout = longest}).value();
    Watch watch = client.watch("**").value();
    LiveQuery live = client.live_query(scan("*").select({""})).value();
    Provider provider = client.provide("p").value();
    CallPipeline calls = client.call_pipeline({}).value();
    std::thread other([&] {
        Client own = Client::attach({.grid = grid.name(), .timeout = testing::soon}).value();
        // A call that does not wait has returned long before.
        usleep(50'000);
        own.put("a", "1").value();
        static_cast<void>(own.call("p", "1"));
    });
    EXPECT_EQ(watch.next(longest)->record.name(), "a");
    EXPECT_TRUE(live.next(longest));
    EXPECT_TRUE(provider.next(longest)->answer("1"));
    other.join();
    calls.call("none", "1").value();
    EXPECT_TRUE(calls.wait(longest));
    EXPECT_TRUE(client.put("b", "1"));
    EXPECT_TRUE(provider.wait_registered(provider.add("q").value(), longest));
}

TEST(Deadline, NegativeTimeOutsDoNotWait) {
    constexpr auto least = std::chrono::milliseconds::min();
    const testing::TestGrid grid;
    Client client = Client::attach({.grid = grid.name(), .timeout = testing::soon}).value();
    EXPECT_EQ(client.watch("**")->next(least).error(), Errc::timed_out);
    EXPECT_EQ(client.provide("p")->next(least).error(), Errc::timed_out);
}

}  // namespace
}  // namespace ringside
