#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

#include "tests/support/child.hpp"
#include "tests/support/messaging_test.hpp"

namespace ringside {
namespace {

using testing::Child;
using testing::eventually;
using testing::soon;

/// Processes that are killed at critical moments.
class DeathTest : public testing::MessagingTest {
protected:
    [[nodiscard]] bool is_there(const std::string& name) const {
        return client_.get(name).has_value();
    }
    /// Starts a process that provides `a` and then does `work`.
    Child provider(const std::function<void(Client&, Provider&)>& work) {
        const std::string mark = "ready/" + std::to_string(++children_);
        Child child([this, &work, &mark] {
            Client client = attach();
            Provider provider = client.provide("a").value();
            client.put(mark, "1").value();
            work(client, provider);
            for (;;) pause();
        });
        EXPECT_TRUE(eventually([&] { return is_there(mark); }));
        return child;
    }

private:
    int children_ = 0;
};

TEST_F(DeathTest, DeathOfAProviderWithATakenCallIsReported) {
    Child child = provider([](Client& client, Provider& provider) {
        static std::optional<Call> taken;
        taken.emplace(provider.next(soon).value());
        client.put("taken", "1").value();
    });
    std::thread caller([this] {
        Client client = attach();
        EXPECT_EQ(shown(client.call("a", "1")), "provider_lost");
        EXPECT_EQ(shown(client.call("a", "1")), "no_provider");
    });
    EXPECT_TRUE(eventually([&] { return is_there("taken"); }));
    child.signal(SIGKILL);
    caller.join();
}

TEST_F(DeathTest, DeadProvidersIdempotentCallsGoToTheNext) {
    Child child = provider([](Client& client, Provider& provider) {
        static std::optional<Call> taken;
        taken.emplace(provider.next(soon).value());
        client.put("taken", "1").value();
    });
    std::thread caller([this] {
        Client client = attach();
        EXPECT_EQ(shown(client.call("a", "1", {.idempotent = true})), "2");
    });
    EXPECT_TRUE(eventually([&] { return is_there("taken"); }));
    const Service other =
        client_.provide("a", [](Call& call) { call.answer("2").value(); }).value();
    child.signal(SIGKILL);
    caller.join();
}

TEST_F(DeathTest, DeadProvidersUntakenCallsGoToTheNext) {
    Child child = provider([](Client&, Provider&) {});
    std::string answers;
    CallPipeline calls = client_
                             .call_pipeline([&](std::uint64_t, const Result<Answer>& answer) {
                                 answers += shown(answer);
                             })
                             .value();
    for (int i = 0; i < 5; ++i) calls.call("a", "1").value();
    client_.put("after", "1").value();  // now all calls have been offered
    const Service other =
        client_.provide("a", [](Call& call) { call.answer("2").value(); }).value();
    child.signal(SIGKILL);
    calls.wait_all(soon).value();
    EXPECT_EQ(answers, "22222");
}

TEST_F(DeathTest, DeadProvidersPatternsAllEnd) {
    Child child([this] {
        Client client = attach();
        Provider provider = client.provide("a").value();
        for (int i = 0; i < 20; ++i) provider.add("b/" + std::to_string(i)).value();
        provider.wait_registered(provider.add("c/**").value(), soon).value();
        static std::optional<Call> taken;
        client.put("ready", "1").value();
        taken.emplace(provider.next(soon).value());
        client.put("taken", "1").value();
        for (;;) pause();
    });
    EXPECT_TRUE(eventually([&] { return is_there("ready"); }));
    std::map<std::uint64_t, std::string> answers;
    CallPipeline calls =
        client_
            .call_pipeline([&](std::uint64_t ticket, const Result<Answer>& answer) {
                answers[ticket] = shown(answer);
            })
            .value();
    calls.call("c/1", "1").value();
    EXPECT_TRUE(eventually([&] { return is_there("taken"); }));
    calls.call("b/7", "1").value();
    calls.call("a", "1").value();
    client_.put("after", "1").value();  // now these calls have been offered
    const Service other =
        client_.provide("b/*", [](Call& call) { call.answer("2").value(); }).value();
    child.signal(SIGKILL);
    calls.wait_all(soon).value();
    EXPECT_EQ(answers, (std::map<std::uint64_t, std::string>{
                           {1, "provider_lost"}, {2, "2"}, {3, "no_provider"}}));
    EXPECT_TRUE(eventually([&] {
        std::size_t providers = 0;
        const auto count = [&](const RecordView&) {
            ++providers;
            return true;
        };
        client_.snapshot()->scan("$sys/rpc/**", count).value();
        return providers == 1;
    }));
}

TEST_F(DeathTest, DeadListenersManyPatternsGoToTheNext) {
    std::vector<Watch> watches;
    Child child([this] {
        Client client = attach();
        Listener listener = client.listen("news").value();
        listener.add("news").value();
        for (int i = 0; i < 20; ++i) listener.add("b/" + std::to_string(i)).value();
        for (int i = 0; i < 21; ++i) listener.accept(listener.next(soon).value()).value();
        for (;;) pause();
    });
    watches.push_back(client_.subscribe("news").value());
    for (int i = 0; i < 20; ++i) {
        watches.push_back(client_.subscribe("b/" + std::to_string(i)).value());
    }
    EXPECT_TRUE(eventually([&] { return client_.has_provider("news").value(); }));
    EXPECT_TRUE(eventually([&] { return client_.has_provider("b/19").value(); }));
    Listener next_one = client_.listen("**").value();
    EXPECT_EQ(next_one.poll().error(), Errc::would_block) << "another one has them";
    child.signal(SIGKILL);
    std::set<std::string> wanted;
    while (wanted.size() < 21) ASSERT_TRUE(wanted.insert(next(next_one)).second);
    EXPECT_TRUE(wanted.contains("wanted news"));
}

TEST_F(DeathTest, DeadCallersCallsAreCancelled) {
    Provider provider = client_.provide("a").value();
    Child child([this] {
        Client client = attach();
        static_cast<void>(client.call("a", "1"));
    });
    Call call = provider.next(soon).value();
    child.signal(SIGKILL);
    EXPECT_TRUE(eventually([&] {
        EXPECT_FALSE(provider.poll());
        return call.is_cancelled();
    }));
    EXPECT_TRUE(call.answer("1")) << "nobody is there to get it";
}

TEST_F(DeathTest, DeadListenersSubjectsGoToTheNext) {
    Watch watch = client_.subscribe("news").value();
    Child child([this] {
        Client client = attach();
        Listener listener = client.listen("news").value();
        const Interest interest = listener.next(soon).value();
        listener.accept(interest).value();
        for (;;) pause();
    });
    EXPECT_TRUE(eventually([&] { return client_.has_provider("news").value(); }));
    Listener next_one = client_.listen("*").value();
    EXPECT_EQ(next_one.poll().error(), Errc::would_block) << "another one has it";
    child.signal(SIGKILL);
    EXPECT_EQ(next(next_one), "wanted news");
}

TEST_F(DeathTest, DeadWatchersInterestEnds) {
    Listener listener = client_.listen("news").value();
    Child child([this] {
        const Client client = attach();
        const Watch watch = client.subscribe("news").value();
        for (;;) pause();
    });
    const Interest interest = listener.next(soon).value();
    listener.accept(interest).value();
    child.signal(SIGKILL);
    EXPECT_EQ(next(listener), "unwanted news");
    EXPECT_TRUE(eventually([&] { return !client_.has_provider("news").value(); }));
}

TEST_F(DeathTest, DeadSessionsPresenceEnds) {
    Child child([this] {
        const Client client =
            Client::attach({.grid = grid_.name(), .program = "test", .user = "alice"}).value();
        for (;;) pause();
    });
    EXPECT_TRUE(eventually([&] { return is_there("$sys/presence/alice"); }));
    {
        const Client second = Client::attach({.grid = grid_.name(), .user = "alice"}).value();
        child.signal(SIGKILL);
        EXPECT_TRUE(eventually([&] {
            const auto record = client_.get("$sys/presence/alice").value();
            return record.document()["sessions"].size() == 1U;
        }));
    }
    EXPECT_TRUE(eventually([&] { return !is_there("$sys/presence/alice"); }));
    EXPECT_EQ(Client::attach({.grid = grid_.name(), .user = "a/b"}).error(), Errc::bad_user);
    EXPECT_EQ(Client::attach({.grid = grid_.name(), .user = std::string(128, 'u')}).error(),
              Errc::bad_user);
}

/// A child does not use its parent's session. Inherited objects reconnect with a session of the
/// child.
TEST_F(DeathTest, AForkedChildDisturbsNothing) {
    Provider provider = client_.provide("a").value();
    Listener listener = client_.listen("news").value();
    Watch watch = client_.subscribe("news").value();
    const Service service =
        client_.provide("b", [](Call& call) { call.answer("1").value(); }).value();
    listener.accept(listener.next(soon).value()).value();
    CallPipeline calls = client_.call_pipeline({}).value();
    calls.call("a", "1").value();
    std::optional<Call> call(provider.next(soon).value());
    Child child([&] {
        EXPECT_TRUE(call->answer("7")) << "dropped";
        call.reset();
        EXPECT_EQ(provider.poll().error(), Errc::would_block);  // now registered by the child
        EXPECT_EQ(listener.next(soon)->kind, InterestKind::unwanted);
        EXPECT_EQ(shown(client_.call("b", "1")), "1");
        EXPECT_EQ(watch.poll().error(), Errc::would_block);  // now watched by the child
        client_.publish("news", "2").value();
        EXPECT_EQ(to_json(watch.next(soon).value().record.document()), "2");
        Provider(std::move(provider));
        Listener(std::move(listener));
        Watch(std::move(watch));
        CallPipeline(std::move(calls));
    });
    EXPECT_TRUE(child.join());
    EXPECT_TRUE(client_.has_provider("news").value());
    call->answer("2").value();
    calls.wait_all(soon).value();
    EXPECT_EQ(shown(client_.call("b", "1")), "1");
    EXPECT_EQ(listener.poll().error(), Errc::would_block);
    EXPECT_EQ(to_json(watch.next(soon).value().record.document()), "2");
}

}  // namespace
}  // namespace ringside
