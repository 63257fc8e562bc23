#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <thread>

#include "tests/support/messaging_test.hpp"

namespace ringside {
namespace {

using std::chrono::milliseconds;
using ::testing::AnyOf;
using testing::eventually;
using testing::never;
using testing::soon;

/// Messaging continues when the broker is killed and another one takes over.
class MessagingTakeOver : public testing::MessagingTest {
protected:
    void replace_broker() {
        grid_.kill_broker();
        grid_.start();
    }
    /// Calls until the provider's own session has reconnected, a little later than the broker.
    [[nodiscard]] std::string call_until_provided(Client& client) {
        std::string answer;
        static_cast<void>(eventually([&] {
            answer = shown(client.call("a", "1"));
            return answer != "no_provider";
        }));
        return answer;
    }
    static void echo(Call& call) { call.answer(to_json(call.document())).value(); }
};

TEST_F(MessagingTakeOver, CallsThatWereTakenAreLostUnlessTheyMayBeRepeated) {
    Provider provider = client_.provide("a").value();
    std::map<std::uint64_t, std::string> answers;
    CallPipeline calls =
        client_
            .call_pipeline([&](std::uint64_t ticket, const Result<Answer>& answer) {
                answers[ticket] = shown(answer);
            })
            .value();
    calls.call("a", "1").value();
    calls.call("a", "2", {.idempotent = true}).value();
    std::optional<Call> first = provider.next(soon).value();
    std::optional<Call> second = provider.next(soon).value();
    replace_broker();
    while (answers.empty()) calls.wait(soon).value();
    EXPECT_EQ(answers, (std::map<std::uint64_t, std::string>{{1, "connection_lost"}}));
    Call again = provider.next(soon).value();
    EXPECT_EQ(to_json(again.document()), "2");
    EXPECT_TRUE(first->is_cancelled());
    EXPECT_TRUE(second->is_cancelled());
    echo(again);
    calls.wait_all(soon).value();
    EXPECT_EQ(answers[2], "2");
}

TEST_F(MessagingTakeOver, AnAnswerToACallOfTheFormerBrokerReachesNobody) {
    Provider provider = client_.provide("a").value();
    std::thread lost([this] {
        Client client = attach();
        EXPECT_EQ(shown(client.call("a", "1")), "connection_lost");
    });
    std::optional<Call> old = provider.next(soon).value();
    replace_broker();
    lost.join();
    std::thread caller([this] {
        Client client = attach();
        EXPECT_EQ(call_until_provided(client), "2");
    });
    Call call = provider.next(soon).value();
    EXPECT_TRUE(old->answer(R"("of another call")"));
    call.answer("2").value();
    caller.join();
}

TEST_F(MessagingTakeOver, IdempotentCallsDoNotNoticeIt) {
    const Service service = client_.provide("a", echo, {.threads = 2}).value();
    std::atomic<bool> stop = false;
    std::atomic<int> done = 0;
    std::vector<std::thread> callers;
    for (int t = 0; t < 2; ++t) {
        callers.emplace_back([&, t] {
            for (int i = 0; !stop || i < 100; ++i) {
                const std::string text = std::to_string(t * 1'000'000 + i);
                ASSERT_EQ(shown(client_.call("a", text, {.idempotent = true})), text);
                ++done;
            }
        });
    }
    for (int i = 0; i < 4; ++i) {
        const int before = done;
        EXPECT_TRUE(eventually([&] { return done > before + 20; }));
        replace_broker();
    }
    stop = true;
    for (std::thread& caller : callers) caller.join();
}

TEST_F(MessagingTakeOver, CallsAreCarriedOutOnceAtMost) {
    std::mutex mutex;
    std::map<std::int64_t, int> carried_out;
    const Service service = client_
                                .provide("a",
                                         [&](Call& call) {
                                             const auto id = call.document().as_int64().value();
                                             {
                                                 const std::lock_guard lock(mutex);
                                                 ++carried_out[id];
                                             }
                                             echo(call);
                                         })
                                .value();
    std::atomic<bool> stop = false;
    std::atomic<int> done = 0;
    std::map<std::string, int> outcomes;
    std::thread caller([&] {
        std::int64_t asked = 0;
        CallPipeline calls =
            client_
                .call_pipeline([&](std::uint64_t ticket, const Result<Answer>& answer) {
                    ++done;
                    ++outcomes[answer ? "answered" : shown(answer)];
                    if (answer) {
                        EXPECT_EQ(answer->document.root().as_uint64(), ticket);
                    }
                })
                .value();
        while (!stop) {
            while (calls.pending() < 20) calls.call("a", std::to_string(++asked)).value();
            calls.wait(soon).value();
        }
        calls.wait_all(soon).value();
        EXPECT_EQ(done, asked);
    });
    for (int i = 0; i < 5; ++i) {
        const int before = done;
        EXPECT_TRUE(eventually([&] { return done > before + 100; }));
        replace_broker();
    }
    stop = true;
    caller.join();
    const std::lock_guard lock(mutex);
    for (const auto& [id, times] : carried_out) ASSERT_EQ(times, 1) << id;
    for (const auto& [outcome, times] : outcomes) {
        EXPECT_TRUE(outcome == "answered" || outcome == "connection_lost") << outcome;
    }
}

TEST_F(MessagingTakeOver, AListenerKeepsWhatItProvidesAndIsNotAskedTwice) {
    std::mutex mutex;
    std::vector<std::string> told;
    const auto tell = [&](const std::string& what) {
        const std::lock_guard lock(mutex);
        told.push_back(what);
        return true;
    };
    const auto all = [&] {
        const std::lock_guard lock(mutex);
        return told;
    };
    const Service service = client_
                                .listen(
                                    "news/*", [&](const std::string& s) { return tell("+" + s); },
                                    [&](const std::string& s) { tell("-" + s); })
                                .value();
    const Client other = attach();
    auto kept = std::make_unique<Watch>(other.subscribe("news/1").value());
    auto dropped = std::make_unique<Watch>(other.subscribe("news/2").value());
    EXPECT_TRUE(eventually([&] { return all().size() == 2; }));
    EXPECT_TRUE(eventually([&] { return client_.has_provider("news/2").value(); }));
    grid_.kill_broker();
    dropped.reset();
    grid_.start();
    EXPECT_TRUE(eventually([&] {
        static_cast<void>(kept->poll());
        static_cast<void>(other.is_connected());  // finds the new broker
        return all().size() == 3;
    }));
    EXPECT_EQ(all(), (std::vector<std::string>{"+news/1", "+news/2", "-news/2"}));
    EXPECT_TRUE(client_.has_provider("news/1").value());
    kept.reset();
    EXPECT_TRUE(eventually([&] { return all().size() == 4; }));
    EXPECT_EQ(all().back(), "-news/1");
}

TEST_F(MessagingTakeOver, APatternOfManyKeepsWhatItProvides) {
    Listener listener = client_.listen("news/*").value();
    const std::uint64_t first = 1;
    const Watch kept = client_.subscribe("news/1").value();
    const Interest interest = listener.next(soon).value();
    EXPECT_EQ(interest.pattern_id, first);
    listener.accept(interest).value();
    std::vector<std::uint64_t> others;
    for (const char* pattern : {"news/1", "news/*", "**"}) {
        others.push_back(listener.add(pattern).value());
        listener.wait_registered(others.back(), soon).value();
    }
    EXPECT_TRUE(eventually([&] { return client_.has_provider("news/1").value(); }));
    replace_broker();
    const Watch later = client_.subscribe("else").value();  // its answer follows all notifications
    const Interest next_told = listener.next(soon).value();
    EXPECT_EQ(shown(next_told), "wanted else") << "the other one was asked again, and has it still";
    EXPECT_EQ(next_told.pattern_id, others.back());
    EXPECT_TRUE(client_.has_provider("news/1").value());
    listener.remove(first);
    const Interest handed_on = listener.next(soon).value();
    EXPECT_EQ(shown(handed_on), "wanted news/1");
    EXPECT_NE(handed_on.pattern_id, first);
}

TEST_F(MessagingTakeOver, UnrecordedSubjectIsUnwantedUnlessAskedForAgain) {
    Listener listener = client_.listen("news/*").value();
    std::optional<Watch> left = client_.subscribe("news/1").value();
    const Interest asked = listener.next(soon).value();
    EXPECT_EQ(shown(asked), "wanted news/1");
    const Watch kept = client_.subscribe("news/2").value();
    const Interest still_asked = listener.next(soon).value();
    EXPECT_EQ(shown(still_asked), "wanted news/2");
    grid_.kill_broker();
    left.reset();
    // The former broker receives neither.
    listener.accept(asked).value();
    listener.accept(still_asked).value();
    grid_.start();
    const Interest next_told = listener.next(soon).value();
    EXPECT_EQ(shown(next_told), "unwanted news/1");
    EXPECT_EQ(next_told.id, asked.id);
    EXPECT_TRUE(eventually([&] { return client_.has_provider("news/2").value(); }));
    EXPECT_FALSE(client_.has_provider("news/1").value());
    const Watch last = client_.subscribe("news/3").value();  // its answer follows all notifications
    EXPECT_EQ(shown(listener.next(soon).value()), "wanted news/3");
}

TEST_F(MessagingTakeOver, APatternThatWasRemovedMeanwhileLeavesWhatItProvidedToOthers) {
    Listener listener = client_.listen("news").value();
    const Watch watch = client_.subscribe("news").value();
    listener.accept(listener.next(soon).value()).value();
    EXPECT_TRUE(eventually([&] { return client_.has_provider("news").value(); }));
    const std::uint64_t second = listener.add("news").value();
    listener.wait_registered(second, soon).value();
    grid_.kill_broker();
    listener.remove(1);
    grid_.start();
    const Interest interest = listener.next(soon).value();
    EXPECT_EQ(shown(interest), "wanted news");
    EXPECT_EQ(interest.pattern_id, second);
}

TEST_F(MessagingTakeOver, AProviderKeepsItsPatterns) {
    Provider provider = client_.provide("a").value();
    const std::uint64_t equal = provider.add("a").value();
    const std::uint64_t b = provider.add("b/*").value();
    provider.wait_registered(b, soon).value();
    grid_.kill_broker();
    provider.remove(equal);
    const std::uint64_t c = provider.add("c").value();
    grid_.start();
    for (const auto& [called, pattern] :
         std::map<std::string, std::uint64_t>{{"a", 1}, {"b/1", b}, {"c", c}}) {
        std::thread caller([this, called = called] {
            Client client = attach();
            std::string answer;
            EXPECT_TRUE(eventually([&] {
                answer = shown(client.call(called, "1"));
                return answer == "2";
            })) << answer;
        });
        Call call = provider.next(soon).value();
        EXPECT_EQ(call.name(), called);
        EXPECT_EQ(call.pattern_id(), pattern);
        call.answer("2").value();
        caller.join();
    }
}

TEST_F(MessagingTakeOver, RecreatedGridGetsAllRegistrationsAgain) {
    Listener listener = client_.listen("news").value();
    const Service service = client_.provide("a", echo).value();
    Watch watch = client_.subscribe("news").value();
    listener.accept(listener.next(soon).value()).value();
    EXPECT_EQ(grid_.stop(), 0);
    // no_broker: another thread is searching for a broker.
    EXPECT_THAT(listener.poll().error().code, AnyOf(Errc::no_such_grid, Errc::no_broker));
    EXPECT_THAT(listener.next(milliseconds(20)).error().code,
                AnyOf(Errc::no_such_grid, Errc::no_broker));
    grid_.start();
    EXPECT_EQ(next(listener), "unwanted news");
    EXPECT_EQ(call_until_provided(client_), "1");
    EXPECT_EQ(watch.next(soon)->kind, WatchKind::lagged);
    EXPECT_EQ(next(listener), "wanted news");
    client_.publish("news", "1").value();
    EXPECT_EQ(next(watch), "event news=1");
}

TEST_F(MessagingTakeOver, DeclarationsOfSessionsThatDoNotReconnectEnd) {
    Client client = Client::attach({.grid = grid_.name(), .reconnect = false}).value();
    Provider provider = client.provide("b").value();
    const Service service = client.provide("a", echo).value();
    CallPipeline calls = client.call_pipeline({}).value();
    calls.call("a", "1").value();
    grid_.kill_broker();
    EXPECT_EQ(provider.next(soon).error(), Errc::connection_lost);
    calls.wait_all(soon).value();
    EXPECT_EQ(calls.call("a", "1").error(), Errc::connection_lost);
    EXPECT_TRUE(eventually([&] { return !service.is_serving(); }));
}

TEST_F(MessagingTakeOver, ACallDoesNotWaitForEverForABrokerThatIsGone) {
    Client client = Client::attach({.grid = grid_.name(), .timeout = milliseconds(100)}).value();
    Provider provider = client.provide("a").value();
    {
        // Only the broker knows the call's deadline, and dies while the call is in flight.
        std::thread caller([&] { EXPECT_EQ(shown(client.call("a", "1")), "timed_out"); });
        const Call taken = provider.next(soon).value();
        grid_.kill_broker();
        caller.join();
    }
    EXPECT_EQ(shown(client.call("a", "1", {.timeout = milliseconds(200)})), "timed_out");
    grid_.start();
    EXPECT_TRUE(eventually([&] {
        static_cast<void>(provider.poll());
        return client.is_connected();
    }));
}

TEST_F(MessagingTakeOver, AServiceEndsAtOnceWhileThereIsNoBroker) {
    // A thread that waits for a broker, or for a call, would wait for an hour.
    Client client = Client::attach({.grid = grid_.name(), .timeout = never}).value();
    auto service = std::make_unique<Service>(client.provide("a", echo, {.threads = 3}).value());
    for (const bool is_gone : {false, true}) {
        if (is_gone) grid_.stop();
        service.reset();
        if (!is_gone) service = std::make_unique<Service>(client.provide("a", echo).value());
    }
}

}  // namespace
}  // namespace ringside
