#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "tests/support/messaging_test.hpp"

namespace ringside {
namespace {

using std::chrono::milliseconds;
using testing::eventually;
using testing::soon;

/// Calls in one thread, with the provider in the same thread or in a service.
class CallsTest : public testing::MessagingTest {
protected:
    /// Maps a ticket to its answer.
    std::map<std::uint64_t, std::string> answers_;

    CallPipeline calls() {
        return client_
            .call_pipeline([this](std::uint64_t ticket, Result<Answer> answer) {
                EXPECT_TRUE(answers_.emplace(ticket, shown(answer)).second) << ticket;
            })
            .value();
    }
    static void echo(Call& call) { call.answer(to_json(call.document())).value(); }
    /// Takes the next `count` calls.
    static std::vector<Call> take(Provider& provider, std::size_t count) {
        std::vector<Call> taken;
        while (taken.size() < count) taken.push_back(provider.next(soon).value());
        return taken;
    }
};

TEST_F(CallsTest, AllCallsAreAnswered) {
    const Service service = client_.provide("quote", echo, {.threads = 2}).value();
    CallPipeline calls = this->calls();
    for (int i = 1; i <= 500; ++i) {
        EXPECT_EQ(calls.call("quote", std::to_string(i)).value(), static_cast<std::uint64_t>(i));
    }
    EXPECT_TRUE(answers_.empty()) << "nothing is handed out by `call`";
    EXPECT_EQ(calls.pending(), 500U);
    calls.wait_all(soon).value();
    EXPECT_EQ(calls.pending(), 0U);
    ASSERT_EQ(answers_.size(), 500U);
    for (const auto& [ticket, answer] : answers_) EXPECT_EQ(answer, std::to_string(ticket));
    EXPECT_EQ(calls.wait(soon).error(), Errc::would_block);
}

TEST_F(CallsTest, OneThreadMayAnswerCallsInAnyOrder) {
    Provider provider = client_.provide("a").value();
    CallPipeline calls = this->calls();
    for (int i = 1; i <= 3; ++i) calls.call("a", std::to_string(i)).value();
    std::vector<Call> taken = take(provider, 3);
    EXPECT_EQ(calls.poll(), 0U);
    echo(taken[2]);
    EXPECT_EQ(calls.wait(soon).value(), 1U);
    EXPECT_EQ(answers_, (std::map<std::uint64_t, std::string>{{3, "3"}}));
    taken[0].fail("0").value();
    taken[1].reject().value();
    calls.wait_all(soon).value();
    EXPECT_EQ(answers_, (std::map<std::uint64_t, std::string>{
                            {1, "failure 0"}, {2, "no_provider"}, {3, "3"}}));
}

TEST_F(CallsTest, EachFailureIsReported) {
    const Provider provider = client_.provide("slow").value();  // takes no calls
    CallPipeline calls = this->calls();
    EXPECT_EQ(calls.call("a", "{").error(), Errc::bad_json);
    EXPECT_EQ(calls.call("a", "1", {.timeout = milliseconds(-1)}).error(), Errc::bad_timeout);
    calls.call("nobody", "1").value();
    calls.call("slow", "1", {.timeout = milliseconds(50)}).value();
    calls.call("a//b", "1").value();
    calls.wait_all(soon).value();
    EXPECT_EQ(answers_, (std::map<std::uint64_t, std::string>{
                            {1, "no_provider"}, {2, "timed_out"}, {3, "bad_name"}}));
}

TEST_F(CallsTest, CancelledCallsAreNotDelivered) {
    Provider provider = client_.provide("a").value();
    CallPipeline calls = this->calls();
    const std::uint64_t first = calls.call("a", "1").value();
    const std::uint64_t second = calls.call("a", "2").value();
    std::vector<Call> taken = take(provider, 2);
    calls.cancel(first);
    EXPECT_EQ(calls.pending(), 1U);
    EXPECT_TRUE(eventually([&] {
        EXPECT_FALSE(provider.poll());
        return taken[0].is_cancelled();
    }));
    EXPECT_FALSE(taken[1].is_cancelled());
    for (Call& call : taken) echo(call);
    calls.wait_all(soon).value();
    EXPECT_EQ(answers_, (std::map<std::uint64_t, std::string>{{second, "2"}}));
}

TEST_F(CallsTest, DestructorCancelsAllCalls) {
    Provider provider = client_.provide("a").value();
    {
        CallPipeline calls = this->calls();
        for (int i = 0; i < 10; ++i) calls.call("a", "1").value();
    }
    std::vector<Call> taken;
    EXPECT_TRUE(eventually([&] {
        if (auto call = provider.poll()) taken.push_back(std::move(*call));
        return std::all_of(taken.begin(), taken.end(),
                           [](const Call& call) { return call.is_cancelled(); });
    }));
    EXPECT_EQ(shown(client_.call("nobody", "1")), "no_provider") << "the lane is as good as new";
    EXPECT_TRUE(client_.call_pipeline({}));
}

TEST_F(CallsTest, OneThreadHasOneKindOfCalls) {
    const CallPipeline calls = this->calls();
    EXPECT_EQ(client_.call_pipeline({}).error(), Errc::would_block);
    std::thread([this] { EXPECT_TRUE(client_.call_pipeline({})); }).join();
}

TEST_F(CallsTest, NumberOfCallsIsLimited) {
    Provider provider = client_.provide("a").value();
    CallPipeline calls = this->calls();
    for (std::size_t i = 0; i < limits::calls_per_lane_max; ++i) ASSERT_TRUE(calls.call("a", "1"));
    EXPECT_EQ(calls.call("a", "1").error(), Errc::would_block);
    for (std::size_t i = 0; i < limits::calls_per_lane_max; ++i) {
        Call call = provider.next(soon).value();
        echo(call);
    }
    calls.wait_all(soon).value();
    EXPECT_EQ(answers_.size(), limits::calls_per_lane_max);
    EXPECT_TRUE(calls.call("a", "1"));
}

TEST_F(CallsTest, MayBeMadeAndWaitedForByTheirHandler) {
    const Service service = client_.provide("a", echo).value();
    std::vector<std::string> seen;
    CallPipeline* mine = nullptr;
    CallPipeline calls = client_
                             .call_pipeline([&](std::uint64_t ticket, Result<Answer> answer) {
                                 seen.push_back(shown(answer));
                                 if (ticket < 100)
                                     mine->call("a", std::to_string(ticket + 1)).value();
                                 client_.put("r", std::to_string(ticket)).value();
                             })
                             .value();
    mine = &calls;
    calls.call("a", "1").value();
    calls.wait_all(soon).value();
    ASSERT_EQ(seen.size(), 100U);
    EXPECT_EQ(seen.back(), "100");
    EXPECT_EQ(client_.get("r")->document().as_int64(), 100);
}

TEST_F(CallsTest, DoNotDisturbOtherWritesAndCallsOfTheThread) {
    const Service service = client_.provide("a", echo).value();
    CallPipeline calls = this->calls();
    std::uint64_t written = 0;
    Pipeline pipeline = client_
                            .pipeline({.on_reply =
                                           [&](std::uint64_t ticket, const auto& result) {
                                               EXPECT_EQ(ticket, ++written);
                                               EXPECT_EQ(result->version, ticket);
                                           }})
                            .value();
    for (int i = 1; i <= 300; ++i) {
        const std::string text = std::to_string(i);
        calls.call("a", text).value();
        pipeline.put("p", text).value();
        if (i % 7 == 0) {
            ASSERT_EQ(shown(client_.call("a", "[" + text + "]")), "[" + text + "]");
        }
        if (i % 11 == 0) client_.put("w", text).value();
    }
    pipeline.flush().value();
    EXPECT_EQ(written, 300U);
    calls.wait_all(soon).value();
    ASSERT_EQ(answers_.size(), 300U);
    for (const auto& [ticket, answer] : answers_) EXPECT_EQ(answer, std::to_string(ticket));
}

TEST_F(CallsTest, CarryMoreThanTheirRingsHold) {
    const Service service = client_.provide("a", echo).value();
    CallPipeline calls = this->calls();
    const std::string text = '"' + std::string(50'000, 'x') + '"';
    for (int i = 0; i < 100; ++i) calls.call("a", text).value();
    calls.wait_all(soon).value();
    ASSERT_EQ(answers_.size(), 100U);
    for (const auto& [ticket, answer] : answers_) ASSERT_EQ(answer, text);
}

TEST_F(CallsTest, WaitCanBeInterrupted) {
    Provider provider = client_.provide("a").value();
    CallPipeline calls = this->calls();
    calls.call("a", "1").value();
    const Call taken = std::move(take(provider, 1)[0]);
    calls.interrupt();
    EXPECT_EQ(calls.wait(std::chrono::hours(1)).value(), 0U) << "said before the wait";
    std::thread other([&] { calls.interrupt(); });
    EXPECT_EQ(calls.wait(std::chrono::hours(1)).value(), 0U) << "said during the wait";
    other.join();
    EXPECT_EQ(calls.wait(milliseconds(1)).error(), Errc::timed_out) << "once is enough";
    EXPECT_EQ(calls.pending(), 1U);
}

}  // namespace
}  // namespace ringside
