#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "tests/support/messaging_test.hpp"

namespace ringside {
namespace {

using std::chrono::milliseconds;
using testing::eventually;
using testing::soon;

/// Providers and listeners with many patterns, which are added and removed.
class PatternsTest : public testing::MessagingTest {
protected:
    /// Records the broker's result for each pattern, as text.
    OnRegistered note() {
        return [this](std::uint64_t id, const Result<void>& outcome) {
            const std::lock_guard lock(mutex_);
            said_[id] = outcome ? "ok" : std::string(name(outcome.error().code));
        };
    }
    std::map<std::uint64_t, std::string> said() {
        const std::lock_guard lock(mutex_);
        return said_;
    }
    template <class Source>
    static std::uint64_t add(Source& source, std::string_view pattern) {
        const std::uint64_t id = source.add(pattern).value();
        source.wait_registered(id, soon).value();
        return id;
    }
    [[nodiscard]] std::size_t providers_said() const {
        std::size_t count = 0;
        const auto each = [&](const RecordView&) {
            ++count;
            return true;
        };
        client_.snapshot()->scan("$sys/rpc/**", each).value();
        return count;
    }
    /// Takes one call of another session, and returns the pattern that it matched.
    std::uint64_t pattern_called(Provider& provider, const std::string& called) {
        std::thread caller([this, &called] {
            Client client = attach();
            EXPECT_EQ(shown(client.call(called, "1")), "2");
        });
        Call call = provider.next(soon).value();
        EXPECT_EQ(call.name(), called);
        call.answer("2").value();
        caller.join();
        return call.pattern_id();
    }

private:
    std::mutex mutex_;
    std::map<std::uint64_t, std::string> said_;
};

TEST_F(PatternsTest, PatternsOfAProviderShareOneLane) {
    Provider provider = client_.provide(OnRegistered()).value();
    EXPECT_EQ(provider.poll().error(), Errc::would_block);
    const std::uint64_t a = add(provider, "a");
    const std::uint64_t b = add(provider, "b/*");
    EXPECT_EQ(pattern_called(provider, "a"), a);
    EXPECT_EQ(pattern_called(provider, "b/7"), b);
    EXPECT_TRUE(eventually([&] { return providers_said() == 2; }));
}

TEST_F(PatternsTest, RemovedPatternLeavesTheOthers) {
    Provider provider = client_.provide("a").value();
    const std::uint64_t b = add(provider, "b");
    provider.remove(b);
    provider.remove(b);
    EXPECT_EQ(provider.wait_registered(b, milliseconds(0)).error(), Errc::bad_request);
    client_.put("settled", "1").value();
    EXPECT_EQ(shown(client_.call("b", "1")), "no_provider");
    EXPECT_NE(pattern_called(provider, "a"), b);
}

TEST_F(PatternsTest, TakenCallOfARemovedPatternCanBeAnswered) {
    Provider provider = client_.provide("a").value();
    const std::uint64_t b = add(provider, "b");
    std::thread caller([this] {
        Client client = attach();
        EXPECT_EQ(shown(client.call("b", "1")), "2");
    });
    Call call = provider.next(soon).value();
    provider.remove(b);
    EXPECT_EQ(pattern_called(provider, "a"), 1U);
    call.answer("2").value();
    caller.join();
}

TEST_F(PatternsTest, EqualPatternsAreAskedInTurn) {
    Provider provider = client_.provide(OnRegistered()).value();
    const std::set<std::uint64_t> ids{add(provider, "a"), add(provider, "a")};
    std::set<std::uint64_t> asked;
    std::thread caller([this] {
        Client client = attach();
        EXPECT_EQ(shown(client.call("a", "1")), "no_provider") << "both say no";
    });
    for (int i = 0; i < 2; ++i) {
        Call call = provider.next(soon).value();
        asked.insert(call.pattern_id());
        call.reject().value();
    }
    caller.join();
    EXPECT_EQ(asked, ids);
}

TEST_F(PatternsTest, ShareTheRoomOfTheirLane) {
    Provider provider = client_.provide(OnRegistered()).value();
    for (const char* pattern : {"a", "b"}) add(provider, pattern);
    std::size_t answered = 0;
    CallPipeline calls = client_
                             .call_pipeline([&](std::uint64_t, const Result<Answer>& answer) {
                                 answered += answer ? 1 : 0;
                             })
                             .value();
    const std::size_t sent = limits::calls_per_provider_max + 10;
    for (std::size_t i = 0; i < sent; ++i) {
        calls.call(i % 2 == 0 ? "a" : "b", "1", {.timeout = soon}).value();
    }
    client_.put("after", "1").value();  // now as many calls as there is room for have been offered
    std::vector<Call> taken;
    for (auto call = provider.poll(); call; call = provider.poll())
        taken.push_back(*std::move(call));
    EXPECT_EQ(taken.size(), limits::calls_per_provider_max);
    for (Call& call : taken) call.answer("1").value();
    for (std::size_t i = taken.size(); i < sent; ++i) provider.next(soon)->answer("1").value();
    calls.wait_all(soon).value();
    EXPECT_EQ(answered, sent);
}

TEST_F(PatternsTest, OtherThreadsAddPatternsWhileTheInboxWaits) {
    Provider provider = client_.provide(note()).value();
    std::thread poller([&] {
        auto call = provider.next(soon).value();
        EXPECT_EQ(call.pattern_id(), 1U);
        call.answer("2").value();
    });
    EXPECT_EQ(provider.add("a").value(), 1U);
    EXPECT_EQ(provider.add("$sys/b").value(), 2U);
    EXPECT_EQ(provider.add("a//b").error(), Errc::bad_pattern);
    EXPECT_TRUE(eventually([&] { return said().size() == 2; }));
    EXPECT_EQ(said(), (std::map<std::uint64_t, std::string>{{1, "ok"}, {2, "reserved_name"}}));
    EXPECT_EQ(shown(client_.call("a", "1")), "2");
    poller.join();
}

TEST_F(PatternsTest, PollReportsRefusedPatternsWithoutAHandler) {
    Provider provider = client_.provide("a").value();
    const std::uint64_t refused = provider.add("$sys/b").value();
    EXPECT_EQ(provider.wait_registered(refused, soon).error(), Errc::reserved_name);
    EXPECT_EQ(provider.next(soon).error(), Errc::reserved_name);
    EXPECT_EQ(provider.poll().error(), Errc::reserved_name);
    std::thread caller([this] {
        Client client = attach();
        EXPECT_EQ(shown(client.call("a", "1")), "2") << "nothing is taken from the others";
    });
    EXPECT_TRUE(eventually([&] {
        auto call = provider.poll();
        return call && call->answer("2");
    }));
    caller.join();
    provider.remove(refused);
    EXPECT_EQ(provider.poll().error(), Errc::would_block);
}

TEST_F(PatternsTest, NumberOfPatternsIsThatOfASession) {
    Provider provider = client_.provide(note()).value();
    for (std::size_t i = 0; i < limits::declarations_per_session_max; ++i) {
        provider.add("a/" + std::to_string(i)).value();
    }
    EXPECT_EQ(provider.add("b").error(), Errc::lane_limit);
    EXPECT_EQ(client_.announce_presence("alice").error(), Errc::lane_limit);
    EXPECT_TRUE(eventually([&] {
        static_cast<void>(provider.poll());
        return said().size() == limits::declarations_per_session_max;
    }));
    EXPECT_EQ(pattern_called(provider, "a/200"), 201U);
    provider.remove(201);
    EXPECT_EQ(add(provider, "b"), limits::declarations_per_session_max + 1);
}

TEST_F(PatternsTest, PatternsOfAListenerAreDistinguished) {
    Listener listener = client_.listen(OnRegistered()).value();
    const std::uint64_t a = add(listener, "a/*");
    const std::uint64_t b = add(listener, "b/*");
    const Watch first = client_.subscribe("b/1").value();
    Interest interest = listener.next(soon).value();
    EXPECT_EQ(shown(interest), "wanted b/1");
    EXPECT_EQ(interest.pattern_id, b);
    const Watch second = client_.subscribe("a/1").value();
    interest = listener.next(soon).value();
    EXPECT_EQ(shown(interest), "wanted a/1");
    EXPECT_EQ(interest.pattern_id, a);
}

TEST_F(PatternsTest, OverlappingPatternsOfAListenerAreAskedInTurn) {
    Listener listener = client_.listen(OnRegistered()).value();
    const std::set<std::uint64_t> ids{add(listener, "a/*"), add(listener, "a/1"),
                                      add(listener, "a/1")};
    auto watch = std::make_unique<Watch>(client_.subscribe("a/1").value());
    std::set<std::uint64_t> asked;
    Interest last;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (i > 0) listener.reject(last).value();
        last = listener.next(soon).value();
        EXPECT_EQ(shown(last), "wanted a/1");
        asked.insert(last.pattern_id);
    }
    EXPECT_EQ(asked, ids);
    listener.accept(last).value();
    EXPECT_TRUE(eventually([&] { return client_.has_provider("a/1").value(); }));
    watch.reset();
    const Interest over = listener.next(soon).value();
    EXPECT_EQ(shown(over), "unwanted a/1");
    EXPECT_EQ(over.pattern_id, last.pattern_id);
    EXPECT_EQ(listener.poll().error(), Errc::would_block);
}

TEST_F(PatternsTest, SubjectsOfARemovedPatternGoToTheNextListener) {
    Listener listener = client_.listen(OnRegistered()).value();
    const std::uint64_t first = add(listener, "a/*");
    const Watch watch = client_.subscribe("a/1").value();
    Interest interest = listener.next(soon).value();
    listener.accept(interest).value();
    EXPECT_TRUE(eventually([&] { return client_.has_provider("a/1").value(); }));
    const std::uint64_t second = add(listener, "a/1");
    EXPECT_EQ(listener.poll().error(), Errc::would_block) << "the first one has it";
    listener.remove(first);
    interest = listener.next(soon).value();
    EXPECT_EQ(shown(interest), "wanted a/1") << "and not that it is unwanted by the first one";
    EXPECT_EQ(interest.pattern_id, second);
    listener.accept(interest).value();
    EXPECT_TRUE(eventually([&] { return client_.has_provider("a/1").value(); }));
}

TEST_F(PatternsTest, OtherThreadsThanThePollerMayAccept) {
    Listener listener = client_.listen(OnRegistered()).value();
    std::mutex mutex;
    std::vector<Interest> told;
    std::atomic<bool> stop = false;
    std::thread poller([&] {
        while (!stop) {
            if (auto interest = listener.next(soon)) {
                const std::lock_guard lock(mutex);
                told.push_back(*interest);
            }
        }
    });
    constexpr std::size_t many = 100;
    std::vector<Watch> watches;
    for (std::size_t i = 0; i < many; ++i) {
        const std::string subject = "s/" + std::to_string(i);
        listener.add(i % 2 == 0 ? subject : subject + "*").value();
        watches.push_back(client_.subscribe(subject).value());
    }
    std::size_t answered = 0;
    EXPECT_TRUE(eventually([&] {
        const std::lock_guard lock(mutex);
        for (; answered < told.size(); ++answered) {
            if (told[answered].kind != InterestKind::wanted) continue;
            if (told[answered].subject == "s/7") listener.reject(told[answered]).value();
            else listener.accept(told[answered]).value();
        }
        return answered >= many;
    }));
    EXPECT_TRUE(eventually([&] { return client_.has_provider("s/99").value(); }));
    EXPECT_FALSE(client_.has_provider("s/7").value());
    for (std::uint64_t id = 1; id <= many; ++id) listener.remove(id);
    EXPECT_TRUE(eventually([&] { return !client_.has_provider("s/99").value(); }));
    stop = true;
    listener.interrupt();
    poller.join();
}

TEST_F(PatternsTest, EndedInterestCannotBeAccepted) {
    Listener listener = client_.listen("a").value();
    auto watch = std::make_unique<Watch>(client_.subscribe("a").value());
    const Interest old = listener.next(soon).value();
    watch.reset();
    EXPECT_EQ(next(listener), "unwanted a");
    const Watch again = client_.subscribe("a").value();
    const Interest now = listener.next(soon).value();
    listener.accept(old).value();
    client_.put("settled", "1").value();
    EXPECT_FALSE(client_.has_provider("a").value());
    listener.accept(now).value();
    EXPECT_TRUE(eventually([&] { return client_.has_provider("a").value(); }));
}

TEST_F(PatternsTest, ThreadMayEndBeforeItsPatterns) {
    Provider provider = client_.provide("a").value();
    std::thread poller([&] { EXPECT_EQ(provider.next(soon).error(), Errc::would_block); });
    provider.interrupt();
    poller.join();
    provider.interrupt();
    EXPECT_EQ(provider.next(soon).error(), Errc::would_block) << "the next one that would wait";
    EXPECT_EQ(provider.next(milliseconds(1)).error(), Errc::timed_out);
}

TEST_F(PatternsTest, PatternsAreDeclaredAgainWhenTheGridIsRecreated) {
    Provider provider = client_.provide(note()).value();
    provider.add("a").value();
    const std::uint64_t b = provider.add("b").value();
    EXPECT_TRUE(eventually([&] {
        static_cast<void>(provider.poll());
        return said().size() == 2;
    }));
    grid_.stop();
    const std::uint64_t c = provider.add("c").value();
    provider.remove(b);
    grid_.start();
    EXPECT_TRUE(eventually([&] {
        static_cast<void>(provider.poll());
        return said().size() == 3 && providers_said() == 2;
    }));
    EXPECT_EQ(pattern_called(provider, "c"), c);
    EXPECT_EQ(pattern_called(provider, "a"), 1U);
    EXPECT_EQ(shown(client_.call("b", "1")), "no_provider");
}

}  // namespace
}  // namespace ringside
