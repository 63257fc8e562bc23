#include "tools/gateway/load/work_pool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <vector>

#include "tests/support/test_grid.hpp"
#include "tools/gateway/http/body_account.hpp"
#include "tools/gateway/load/byte_budget.hpp"
#include "tools/gateway/load/memory.hpp"
#include "tools/gateway/load/spawn.hpp"
#include "tools/gateway/load/stop_signal.hpp"

/// How users share the gateway's threads and memory.
namespace ringside::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Blocks work until the test opens the gate.
class Gate {
public:
    void open() {
        {
            const std::lock_guard lock(mutex_);
            is_open_ = true;
        }
        opened_.notify_all();
    }
    void pass() {
        std::unique_lock lock(mutex_);
        opened_.wait_for(lock, testing::soon, [this] { return is_open_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable opened_;
    bool is_open_ = false;
};

class WorkPoolTest : public ::testing::Test {
protected:
    /// Starts work of a user, which waits at the gate and records its name when it is done.
    void begin(WorkPool& pool, const std::string& user, const std::string& name, Gate* gate) {
        auto work = [gate, name] {
            if (gate != nullptr) gate->pass();
            return name;
        };
        auto task = [](WorkPoolTest& self, WorkPool& in, std::string whose,
                       decltype(work) what) -> Task<void> {
            std::string done = co_await in.run(std::move(whose), std::move(what));
            self.done_.push_back(std::move(done));
        };
        spawn(loop_.get_executor(), task(*this, pool, user, std::move(work)), "a test");
        loop_.poll();
        loop_.restart();
    }
    void run_until(std::size_t done) {
        EXPECT_TRUE(testing::eventually([&] {
            loop_.poll();
            loop_.restart();
            return done_.size() >= done;
        }));
    }

    asio::io_context loop_{1};
    std::vector<std::string> done_;
};

TEST_F(WorkPoolTest, UserWithSlowWorkDelaysNoOtherUser) {
    Gate gate;
    WorkPool pool(
        loop_.get_executor(), "test",
        {.threads = 2, .threads_per_user = 1, .waiting_max = 9, .waiting_per_user_max = 9});
    for (const char* name : {"a1", "a2", "a3"}) begin(pool, "a", name, &gate);
    EXPECT_EQ(pool.counts().running, 1U) << "one thread is left to others";
    begin(pool, "b", "b1", nullptr);
    run_until(1);
    EXPECT_THAT(done_, ElementsAre("b1"));
    gate.open();
    run_until(4);
    EXPECT_THAT(done_, ElementsAre("b1", "a1", "a2", "a3"));
}

TEST_F(WorkPoolTest, UsersTakeTurns) {
    Gate gate;
    WorkPool pool(
        loop_.get_executor(), "test",
        {.threads = 1, .threads_per_user = 1, .waiting_max = 9, .waiting_per_user_max = 9});
    for (const char* name : {"a1", "a2", "a3"}) begin(pool, "a", name, &gate);
    for (const char* name : {"b1", "b2"}) begin(pool, "b", name, nullptr);
    gate.open();
    run_until(5);
    EXPECT_THAT(done_, ElementsAre("a1", "a2", "b1", "a3", "b2"));
}

TEST_F(WorkPoolTest, WorkBeyondAShareIsRefused) {
    Gate gate;
    WorkPool pool(
        loop_.get_executor(), "test",
        {.threads = 1, .threads_per_user = 1, .waiting_max = 3, .waiting_per_user_max = 2});
    begin(pool, "a", "a1", &gate);
    for (const char* name : {"a2", "a3"}) {
        ASSERT_FALSE(pool.refuse("a"));
        begin(pool, "a", name, &gate);
    }
    EXPECT_EQ(pool.refuse("a").value_or(Problem()).status, 429U);
    EXPECT_FALSE(pool.refuse("b"));
    begin(pool, "b", "b1", &gate);
    const auto refused = pool.refuse("b").value_or(Problem());
    EXPECT_EQ(refused.status, 503U);
    EXPECT_EQ(refused.code, "would_block");
    EXPECT_TRUE(refused.retry_after);
    EXPECT_EQ(pool.counts().refused, 2U);
    gate.open();
    run_until(4);
    EXPECT_EQ(pool.counts().running + pool.counts().waiting, 0U);
    EXPECT_FALSE(pool.refuse("a"));
}

TEST_F(WorkPoolTest, ThrowsInTheLoopWhatTheWorkThrows) {
    WorkPool pool(loop_.get_executor(), "test", {});
    auto task = [](std::vector<std::string>& done, WorkPool& in) -> Task<void> {
        try {
            co_await in.run("a", []() -> int { throw std::runtime_error("no"); });
        } catch (const std::runtime_error& failure) {
            done.emplace_back(failure.what());
        }
    };
    spawn(loop_.get_executor(), task(done_, pool), "a test");
    run_until(1);
    EXPECT_THAT(done_, ElementsAre("no"));
}

TEST_F(WorkPoolTest, KeepDoingContinuesAfterAnException) {
    int steps = 0;
    auto step = [&]() -> Task<bool> {
        if (++steps < 3) throw std::runtime_error("no memory");
        done_.push_back("last");
        co_return false;
    };
    spawn(loop_.get_executor(), keep_doing(loop_.get_executor(), "a test", step), "a test");
    run_until(1);
    EXPECT_EQ(steps, 3);
}

TEST(StopSignal, InterruptsWhatRunsAndWhatBeginsLater) {
    StopSignal signal;
    int interrupted = 0;
    {
        const StopSignal::Interrupt early(signal, [&] { ++interrupted; });
        signal.stop();
        EXPECT_EQ(interrupted, 1);
    }
    signal.stop();
    EXPECT_EQ(interrupted, 1) << "nobody is there to be interrupted";
    const StopSignal::Interrupt late(signal, [&] { ++interrupted; });
    EXPECT_EQ(interrupted, 2);
}

TEST(Memory, IsReleasedIfMoreIsFreeThanAFourthOfWhatIsUsed) {
    constexpr std::size_t mib = 1U << 20;
    EXPECT_FALSE(should_release({.used = 10 * mib, .free = 8 * mib}));
    EXPECT_TRUE(should_release({.used = 10 * mib, .free = 9 * mib}));
    EXPECT_FALSE(should_release({.used = 100 * mib, .free = 25 * mib}));
    EXPECT_TRUE(should_release({.used = 100 * mib, .free = 26 * mib}));
}

TEST(ByteBudget, IsSharedBetweenUsersAndBoundedForEach) {
    ByteBudget budget(100, 60);
    ByteBudget::Share first(budget, "a");
    ByteBudget::Share second(budget, "a");
    ByteBudget::Share other(budget, "b");
    EXPECT_TRUE(first.resize(40));
    EXPECT_FALSE(second.resize(21)) << "the user has 60";
    EXPECT_TRUE(second.resize(20));
    EXPECT_FALSE(second.has_room());
    EXPECT_FALSE(other.resize(41)) << "all have 100";
    EXPECT_TRUE(other.resize(40));
    EXPECT_EQ(budget.used(), 100U);
    EXPECT_EQ(budget.refused(), 2U);
    EXPECT_TRUE(first.resize(1));
    EXPECT_TRUE(other.has_room());
    second.move_to("b");
    EXPECT_EQ(second.bytes(), 0U);
    EXPECT_EQ(budget.used(), 41U);
}

class BodyAccounts : public ::testing::Test {
protected:
    BodyBudget budget_{{.bodies = 100U << 20, .bodies_per_user = 95U << 20}};
    int asked_ = 0;
    BodyAccount::Admit stranger_ = [this] { return ++asked_, Admission{}; };
    BodyAccount::Admit user_ = [this] {
        return ++asked_, Admission{.problem = {}, .account = "alice"};
    };
    BodyAccount::Admit nobody_ = [this] {
        return ++asked_, Admission{.problem = Problem{401, "unauthenticated", ""}};
    };
};

TEST_F(BodyAccounts, LargeBodyRequiresCredentials) {
    BodyAccount account(budget_, "address");
    EXPECT_FALSE(account.count(BodyBudget::unseen_bytes_max, nobody_));
    EXPECT_EQ(asked_, 0);
    EXPECT_EQ(account.count(BodyBudget::unseen_bytes_max + 1, nobody_).value_or(Problem()).status,
              401U);
    EXPECT_FALSE(account.count(90U << 20, user_)) << "a user has a large share";
    EXPECT_FALSE(account.count(91U << 20, nobody_)) << "and is asked once";
    EXPECT_EQ(budget_.strangers_used(), 0U);
    EXPECT_EQ(account.count(96U << 20, user_).value_or(Problem()).code, "overloaded");
    EXPECT_EQ(account.count(101U << 20, user_).value_or(Problem()).code, "overloaded");
    EXPECT_EQ(budget_.refused(), 2U);
    account.release();
    EXPECT_EQ(budget_.used(), 0U);
}

TEST_F(BodyAccounts, OfOneUserLeaveRoomForOthers) {
    BodyAccount first(budget_, "address");
    EXPECT_FALSE(first.count(90U << 20, user_));
    BodyAccount second(budget_, "elsewhere");
    EXPECT_EQ(second.count(6U << 20, user_).value_or(Problem()).code, "overloaded");
    BodyAccount other(budget_, "address");
    EXPECT_FALSE(other.count(6U << 20, [] { return Admission{.problem = {}, .account = "bob"}; }));
    first.release();
    EXPECT_FALSE(second.count(90U << 20, user_));
}

TEST_F(BodyAccounts, OfStrangersHaveASmallShare) {
    BodyAccount first(budget_, "one");
    EXPECT_FALSE(first.count(MemoryLimits().stranger_bodies_per_address, stranger_));
    BodyAccount second(budget_, "one");
    EXPECT_EQ(second.count(1, stranger_).value_or(Problem()).code, "overloaded");
    BodyAccount third(budget_, "one");
    EXPECT_FALSE(third.count(1, user_)) << "a user of the same address";
    BodyAccount other(budget_, "other");
    EXPECT_FALSE(other.count(1, stranger_));
}

}  // namespace
}  // namespace ringside::gateway
