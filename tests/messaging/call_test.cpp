#include <gtest/gtest.h>

#include <thread>

#include "tests/support/messaging_test.hpp"

namespace ringside {
namespace {

using std::chrono::milliseconds;
using testing::never;
using testing::soon;

class CallTest : public testing::MessagingTest {
protected:
    CallTest() : MessagingTest({"--memory", "64MiB", "--ring-entries", "1024"}) {}

    /// Returns a service that answers with its own name.
    Service serve(std::string_view pattern, const std::string& answer, std::size_t threads = 1) {
        return client_
            .provide(pattern, [answer](Call& call) { call.answer('"' + answer + '"').value(); },
                     {.threads = threads})
            .value();
    }
    static void echo(Call& call) { call.answer(to_json(call.document())).value(); }
};

TEST_F(CallTest, IsAnsweredWithADocument) {
    const Service service = client_.provide("quote/*", echo).value();
    EXPECT_EQ(shown(client_.call("quote/7", R"({"seat":"A12"})")), R"({"seat":"A12"})");
    EXPECT_TRUE(service.is_serving());
}

TEST_F(CallTest, ProviderGetsNameAndRemainingTime) {
    const Service service =
        client_
            .provide("a/**",
                     [](Call& call) {
                         const auto left = call.deadline() - std::chrono::steady_clock::now();
                         EXPECT_GT(left, never / 2);
                         EXPECT_LE(left, never);
                         EXPECT_FALSE(call.is_cancelled());
                         EXPECT_EQ(Value::of(call.bytes()).as_int64(), 1);
                         call.answer('"' + std::string(call.name()) + '"').value();
                     })
            .value();
    EXPECT_EQ(shown(client_.call("a/b/c", "1", {.timeout = never})), R"("a/b/c")");
}

TEST_F(CallTest, ProviderCanFailACallWithADocument) {
    const Service service =
        client_.provide("a", [](Call& call) { call.fail(R"({"why":"sold"})").value(); }).value();
    EXPECT_EQ(shown(client_.call("a", "1")), R"(failure {"why":"sold"})");
}

TEST_F(CallTest, CallWithoutAProviderFailsWithNoProvider) {
    EXPECT_EQ(shown(client_.call("a", "1")), "no_provider");
    { const Service service = client_.provide("a", echo).value(); }
    EXPECT_EQ(shown(client_.call("a", "1")), "no_provider");
}

TEST_F(CallTest, IsCheckedBeforeItIsSent) {
    const Service service = client_.provide("**", echo).value();
    EXPECT_EQ(shown(client_.call("a", "{")), "bad_json");
    EXPECT_EQ(shown(client_.call("a", "1", {.timeout = milliseconds(-1)})), "bad_timeout");
    EXPECT_EQ(shown(client_.call("a", "1", {.timeout = std::chrono::hours(2)})), "bad_timeout");
    EXPECT_EQ(shown(client_.call("a//b", "1")), "bad_name");
    EXPECT_EQ(shown(client_.call(std::string(1025, 'n'), "1")), "name_too_long");
    EXPECT_EQ(shown(client_.call("$sys/a", "1")), "reserved_name");
    EXPECT_EQ(client_.provide("a/**b").error(), Errc::bad_pattern);
    EXPECT_EQ(client_.provide("$sys/**").error(), Errc::reserved_name);
    EXPECT_EQ(client_.provide("a", echo, {.threads = 0}).error(), Errc::bad_configuration);
}

TEST_F(CallTest, CarriesLargeDocumentsBothWays) {
    const Service service = client_.provide("a", echo).value();
    for (const std::size_t size : {100U, 10'000U, 100'000U, 1'000'000U}) {
        const std::string text = '"' + std::string(size, 'x') + '"';
        EXPECT_EQ(shown(client_.call("a", text, {.timeout = soon})), text);
    }
}

TEST_F(CallTest, RejectedCallGoesToTheNextProvider) {
    std::atomic<int> asked = 0;
    const auto reject = [&](Call& call) {
        ++asked;
        call.reject().value();
    };
    const Service first = client_.provide("a", reject).value();
    const Service second = client_.provide("a", reject).value();
    EXPECT_EQ(shown(client_.call("a", "1")), "no_provider");
    EXPECT_EQ(asked, 2);
    const Service third = serve("a", "third");
    for (int i = 0; i < 10; ++i) EXPECT_EQ(shown(client_.call("a", "1")), R"("third")");
}

TEST_F(CallTest, AbandonedCallIsNotCarriedOutAgain) {
    std::atomic<int> carried_out = 0;
    const auto abandon = [&](Call& call) {
        ++carried_out;
        call.abandon().value();
    };
    const auto forget = [&](Call&) { ++carried_out; };  // its destructor abandons it
    const Service first = client_.provide("a", abandon).value();
    const Service second = client_.provide("a", forget).value();
    for (int i = 1; i <= 4; ++i) {
        EXPECT_EQ(shown(client_.call("a", "1")), "provider_lost");
        EXPECT_EQ(carried_out, i) << "once for each call";
    }
}

TEST_F(CallTest, AbandonedIdempotentCallGoesToTheNextProvider) {
    const Service first = client_.provide("a", [](Call& call) { call.abandon().value(); }).value();
    const Service second = serve("a", "second");
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(shown(client_.call("a", "1", {.idempotent = true})), R"("second")");
    }
}

TEST_F(CallTest, IsSpreadOverItsProviders) {
    std::atomic<int> calls[3] = {};
    std::vector<Service> services;
    for (auto& count : calls) {
        services.push_back(client_
                               .provide("a",
                                        [&count](Call& call) {
                                            ++count;
                                            call.answer("1").value();
                                        })
                               .value());
    }
    for (int i = 0; i < 30; ++i) EXPECT_EQ(shown(client_.call("a", "1")), "1");
    for (const auto& count : calls) EXPECT_EQ(count, 10);
}

TEST_F(CallTest, LateCallTimesOutAndItsProviderIsNotified) {
    Provider provider = client_.provide("a").value();
    std::atomic<bool> is_taken = false;
    std::thread caller([&] {
        Client client = attach();
        // A provider that is scheduled late can miss a call. It then gets the next one.
        do {
            const auto begun = std::chrono::steady_clock::now();
            EXPECT_EQ(shown(client.call("a", "1", {.timeout = milliseconds(100)})), "timed_out");
            EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(99));
        } while (!is_taken);
    });
    Call call = provider.next(soon).value();
    is_taken = true;
    caller.join();
    EXPECT_TRUE(testing::eventually([&] {
        static_cast<void>(provider.poll());
        return call.is_cancelled();
    }));
    EXPECT_TRUE(call.answer("1")) << "which is dropped";
}

class CallTimeoutTest : public testing::MessagingTest {
protected:
    static constexpr milliseconds accept_timeout{100};
    static constexpr milliseconds response_timeout{200};

    CallTimeoutTest()
        : MessagingTest({"--memory", "64MiB", "--accept-timeout-ms",
                         std::to_string(accept_timeout.count()), "--response-timeout-ms",
                         std::to_string(response_timeout.count())}) {}
};

TEST_F(CallTimeoutTest, BrokersTimeoutEndsACallThatNoProviderTakes) {
    const Provider provider = client_.provide("a").value();
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(shown(client_.call("a", "1")), "no_provider");
    EXPECT_GE(std::chrono::steady_clock::now() - begun, accept_timeout);
}

TEST_F(CallTimeoutTest, ResponseTimeoutEndsAnUnansweredCall) {
    Provider provider = client_.provide("a").value();
    std::optional<Call> taken;
    std::thread taker([&] { taken.emplace(provider.next(soon).value()); });
    EXPECT_TRUE(testing::eventually([&] {
        const auto begun = std::chrono::steady_clock::now();
        const std::string outcome = shown(client_.call("a", "1"));
        if (outcome == "no_provider") return false;  // the provider was not scheduled in time
        EXPECT_EQ(outcome, "timed_out");
        EXPECT_GE(std::chrono::steady_clock::now() - begun, response_timeout);
        return true;
    }));
    taker.join();
}

TEST_F(CallTimeoutTest, AcceptTimeoutPassesTheCallToTheNextProvider) {
    Provider asleep = client_.provide("a").value();
    const Service awake =
        client_.provide("a", [](Call& call) { call.answer(R"("awake")").value(); }).value();
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(testing::eventually([&] {
            const std::string outcome = shown(client_.call("a", "1"));
            if (outcome == "no_provider") return false;  // the service was not scheduled in time
            EXPECT_EQ(outcome, R"("awake")");
            return true;
        }));
    }
    EXPECT_EQ(asleep.poll().error(), Errc::would_block) << "its offers were withdrawn";
}

TEST_F(CallTest, CallEndsOnce) {
    const Service service = client_
                                .provide("a",
                                         [](Call& call) {
                                             EXPECT_EQ(call.answer("{").error(), Errc::bad_json);
                                             call.answer("1").value();
                                             EXPECT_EQ(call.fail("2").error(), Errc::bad_request);
                                             EXPECT_EQ(call.reject().error(), Errc::bad_request);
                                         })
                                .value();
    EXPECT_EQ(shown(client_.call("a", "1")), "1");
}

TEST_F(CallTest, CanBeAnsweredByAnyThreadInAnyOrder) {
    Provider provider = client_.provide("a").value();
    std::vector<std::thread> callers;
    for (int i = 0; i < 8; ++i) {
        callers.emplace_back([this, i] {
            Client client = attach();
            const std::string text = std::to_string(i);
            EXPECT_EQ(shown(client.call("a", text)), text);
        });
    }
    std::vector<Call> calls;
    for (int i = 0; i < 8; ++i) calls.push_back(provider.next(soon).value());
    std::thread answerer([&] {
        for (auto call = calls.rbegin(); call != calls.rend(); ++call) echo(*call);
    });
    answerer.join();
    for (std::thread& caller : callers) caller.join();
}

TEST_F(CallTest, WithdrawnProviderCanStillAnswerTakenCalls) {
    auto provider = std::make_unique<Provider>(client_.provide("a").value());
    std::thread caller([this] {
        Client client = attach();
        EXPECT_EQ(shown(client.call("a", "1")), "2");
    });
    Call call = provider->next(soon).value();
    provider.reset();
    call.answer("2").value();
    caller.join();
}

TEST_F(CallTest, ProviderMayMakeCalls) {
    const Service inner = client_.provide("inner", echo).value();
    const Service outer = client_
                              .provide("outer",
                                       [this](Call& call) {
                                           const auto got = client_.call("inner", "7");
                                           call.answer(shown(got)).value();
                                       })
                              .value();
    EXPECT_EQ(shown(client_.call("outer", "1")), "7");
}

TEST_F(CallTest, CallsOfManyThreadsGetTheirOwnAnswers) {
    const Service service = client_.provide("sum/*", echo, {.threads = 3}).value();
    std::vector<std::thread> callers;
    for (int t = 0; t < 4; ++t) {
        callers.emplace_back([this, t] {
            for (int i = 0; i < 500; ++i) {
                const std::string text = std::to_string(t * 1000 + i);
                ASSERT_EQ(shown(client_.call("sum/" + std::to_string(t), text)), text);
                if (i % 10 == 0) client_.put("mixed", text).value();
            }
        });
    }
    for (std::thread& caller : callers) caller.join();
}

TEST_F(CallTest, CallWorksTogetherWithAPipelineOfTheSameThread) {
    const Service service = client_.provide("a", echo).value();
    std::uint64_t answered = 0;
    Pipeline pipeline = client_
                            .pipeline({.on_reply =
                                           [&](std::uint64_t ticket, const auto& result) {
                                               EXPECT_EQ(ticket, ++answered);
                                               EXPECT_TRUE(result);
                                           }})
                            .value();
    for (int i = 0; i < 200; ++i) {
        pipeline.put("p", std::to_string(i)).value();
        const std::string text = std::to_string(i);
        if (i % 10 == 0) {
            ASSERT_EQ(shown(client_.call("a", text)), text);
        }
    }
    pipeline.flush().value();
    EXPECT_EQ(answered, 200U);
}

TEST_F(CallTest, SystemRecordsListTheProviders) {
    const auto providers = [this] {
        std::string all;
        const auto each = [&](const RecordView& record) {
            all += to_json(record.document()["pattern"]);
            return true;
        };
        client_.snapshot()->scan("$sys/rpc/**", each).value();
        return all;
    };
    {
        const Provider provider = client_.provide("a/*").value();
        EXPECT_TRUE(testing::eventually([&] { return providers() == R"("a/*")"; }));
    }
    EXPECT_TRUE(testing::eventually([&] { return providers().empty(); }));
}

}  // namespace
}  // namespace ringside
