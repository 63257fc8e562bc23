#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "ringside/client.hpp"
#include "tests/support/child.hpp"
#include "tests/support/test_grid.hpp"

/// User handlers that call into the library, destroy their caller or throw, and hosts that cannot
/// create a thread.
namespace ringside {
namespace {

using namespace std::chrono_literals;
using testing::Child;
using testing::eventually;
using testing::TestGrid;

class CallbackTest : public ::testing::Test {
protected:
    TestGrid grid_;
    Client client_ = Client::attach({.grid = grid_.name(), .timeout = testing::soon}).value();
};

TEST_F(CallbackTest, APipelinesHandlerMayWriteIntoItsOwnFullPipeline) {
    constexpr int writes = 20'000;
    std::optional<Pipeline> pipeline;
    int answers = 0;
    std::uint64_t last = 0;
    const std::string text = '"' + std::string(200, 'x') + '"';
    pipeline.emplace(
        client_
            .pipeline({.on_reply =
                           [&](std::uint64_t ticket, const Result<WriteResult>& result) {
                               EXPECT_EQ(ticket, last + 1) << "answers are in order";
                               last = ticket;
                               EXPECT_TRUE(result);
                               if (++answers % 2 != 0 || answers > writes) return;
                               pipeline->put("more/" + std::to_string(answers), text).value();
                           }})
            .value());
    for (int i = 0; i < writes; ++i) pipeline->put("r/" + std::to_string(i), text).value();
    ASSERT_TRUE(pipeline->flush());
    EXPECT_EQ(pipeline->pending(), 0U);
    EXPECT_EQ(answers, writes + writes / 2);
    const Snapshot snapshot = client_.snapshot().value();
    for (int i = 0; i < writes; ++i) ASSERT_TRUE(snapshot.get("r/" + std::to_string(i)));
    for (int i = 2; i <= writes; i += 2) ASSERT_TRUE(snapshot.get("more/" + std::to_string(i)));
}

TEST_F(CallbackTest, APipelinesHandlerMayUseTheClient) {
    int answers = 0;
    const std::string text = '"' + std::string(5000, 'x') + '"';
    Pipeline pipeline =
        client_
            .pipeline({.on_reply =
                           [&](std::uint64_t ticket, const Result<WriteResult>& result) {
                               EXPECT_TRUE(result);
                               ++answers;
                               const std::string name = "of/" + std::to_string(ticket);
                               EXPECT_TRUE(client_.put(name, std::to_string(ticket)));
                               EXPECT_EQ(client_.call("none", "1").error(), Errc::no_provider);
                               EXPECT_EQ(client_.get(name)->document().as_uint64(), ticket);
                           }})
            .value();
    for (int i = 0; i < 500; ++i) pipeline.put("r/" + std::to_string(i), text).value();
    ASSERT_TRUE(pipeline.flush());
    EXPECT_EQ(answers, 500);
    for (int i = 0; i < 500; ++i) {
        EXPECT_EQ(client_.get("r/" + std::to_string(i))->document().as_string()->size(), 5000U);
    }
}

TEST_F(CallbackTest, APipelinesHandlerMayThrow) {
    int answers = 0;
    Pipeline pipeline = client_
                            .pipeline({.on_reply =
                                           [&](std::uint64_t, const Result<WriteResult>&) {
                                               if (++answers == 2) throw std::runtime_error("no");
                                           }})
                            .value();
    EXPECT_THROW(
        {
            for (int i = 0; i < 3; ++i) pipeline.put("r", "1").value();
            static_cast<void>(pipeline.flush());
        },
        std::runtime_error);
    while (pipeline.pending() > 0) ASSERT_TRUE(pipeline.flush());
    EXPECT_GE(answers, 2);
    EXPECT_TRUE(pipeline.put("r", "2"));
    EXPECT_TRUE(pipeline.flush());
    answers = 1;
    pipeline.put("r", "3").value();  // the destructor ignores exceptions of the answer's handler
}

TEST_F(CallbackTest, APipelineMayBeDestroyedByItsHandler) {
    std::optional<Pipeline> pipeline;
    int answers = 0;
    pipeline.emplace(client_
                         .pipeline({.on_reply =
                                        [&](std::uint64_t, const Result<WriteResult>&) {
                                            ++answers;
                                            pipeline.reset();
                                        }})
                         .value());
    Pipeline& made = *pipeline;
    for (int i = 0; i < 100 && pipeline; ++i) static_cast<void>(made.put("r", "1"));
    if (pipeline) static_cast<void>(made.flush());
    EXPECT_EQ(answers, 1);
    EXPECT_TRUE(client_.put("r", "2"));
    EXPECT_TRUE(client_.pipeline()) << "the lane is free";
}

TEST_F(CallbackTest, CallsMayBeDestroyedByTheirHandler) {
    std::optional<CallPipeline> calls;
    int answers = 0;
    calls.emplace(client_
                      .call_pipeline([&](std::uint64_t, const Result<Answer>&) {
                          ++answers;
                          calls.reset();
                      })
                      .value());
    for (int i = 0; i < 3; ++i) calls->call("none", "1").value();
    client_.put("after", "1").value();
    static_cast<void>(calls->wait_all(60s));
    EXPECT_EQ(answers, 1);
    EXPECT_FALSE(calls);
}

TEST_F(CallbackTest, AServiceMayBeDestroyedByItsHandler) {
    std::optional<Service> service;
    std::atomic<bool> is_destroyed = false;
    service.emplace(client_
                        .provide("a",
                                 [&](Call& call) {
                                     service.reset();
                                     is_destroyed = true;
                                     static_cast<void>(call.answer("1"));
                                 })
                        .value());
    EXPECT_EQ(to_json(client_.call("a", "1")->document.root()), "1");
    EXPECT_TRUE(is_destroyed);
    EXPECT_TRUE(eventually([&] { return client_.call("a", "1").error() == Errc::no_provider; }));
}

TEST_F(CallbackTest, ProviderMayBeDestroyedByItsRegistrationHandler) {
    std::optional<Provider> provider;
    provider.emplace(
        client_.provide([&](std::uint64_t, const Result<void>&) { provider.reset(); }).value());
    provider->add("a").value();
    while (provider) static_cast<void>(provider->next(10ms));
    EXPECT_TRUE(client_.put("a", "1"));
}

TEST_F(CallbackTest, AHandlerThatThrowsFailsItsCallAndServesTheNext) {
    const Service service = client_
                                .provide("a",
                                         [](Call& call) {
                                             if (call.document().as_int64() == 1) {
                                                 throw std::runtime_error("not one");
                                             }
                                             call.answer("2").value();
                                         })
                                .value();
    const auto failed = client_.call("a", "1");
    ASSERT_TRUE(failed) << failed.error().text();
    EXPECT_TRUE(failed->is_failure);
    EXPECT_EQ(failed->document.root()["what"].as_string(), "not one");
    EXPECT_EQ(to_json(client_.call("a", "2")->document.root()), "2");
    EXPECT_TRUE(service.is_serving());
}

TEST_F(CallbackTest, AListenersHandlerThatThrowsLetsAnotherOneProvide) {
    const Service throws = client_
                               .listen(
                                   "news", [](const std::string&) -> bool { throw 1; },
                                   [](const std::string&) { throw 2; })
                               .value();
    const Service provides =
        client_
            .listen(
                "news", [](const std::string&) { return true; }, [](const std::string&) {})
            .value();
    {
        const Watch watch = client_.subscribe("news").value();
        EXPECT_TRUE(eventually([&] { return client_.has_provider("news").value(); }));
    }
    EXPECT_TRUE(eventually([&] { return !client_.has_provider("news").value(); }));
    EXPECT_TRUE(throws.is_serving());
}

TEST_F(CallbackTest, ALiveQueryWhoseRowsThrowReadsAllAgain) {
    client_.put("r/1", "1").value();
    bool throws = false;
    LiveQuerySpec description;
    description.pattern = "r/*";
    description.columns = {"value"};
    description.row_of = [&](const RecordView& record,
                             std::vector<OwnedScalar>& row) -> Result<bool> {
        if (throws) throw std::runtime_error("no");
        row.emplace_back(Scalar::of(record.document()));
        return true;
    };
    LiveQuery live = client_.live_query(std::move(description)).value();
    client_.put("r/1", "2").value();
    throws = true;
    EXPECT_THROW(static_cast<void>(live.next(60s)), std::runtime_error);
    throws = false;
    const auto update = live.next(60s);
    ASSERT_TRUE(update) << update.error().text();
    ASSERT_EQ(update->changes.size(), 1U);
    EXPECT_EQ(update->changes[0].row[0].as_int64(), 2);
}

TEST_F(CallbackTest, WithoutAThreadQueriesRunAndOtherCallsReportTheReason) {
    for (int i = 0; i < 5000; ++i) client_.put("r/" + std::to_string(i), "1").value();
    Child child([&] {
        Client client = Client::attach({.grid = grid_.name(), .timeout = testing::soon}).value();
        Watch watch = client.watch("**").value();
        const Snapshot snapshot = client.snapshot().value();
        EXPECT_TRUE(client.put("a", "1"));
        // The limit does not apply to root.
        if (geteuid() == 0) {
            ASSERT_EQ(setresuid(65534, 65534, 65534), 0);
        }
        const rlimit none{0, 0};
        ASSERT_EQ(setrlimit(RLIMIT_NPROC, &none), 0);
        const auto rows = snapshot.run(scan("r/*").parallel(4).aggregate({sum("")}));
        ASSERT_TRUE(rows) << rows.error().text();
        EXPECT_EQ((*rows)[0][0].as_int64(), 5000);
        EXPECT_EQ(watch.descriptor().error(), Errc::system_error);
        EXPECT_EQ(client.provide("a", [](Call&) {}).error(), Errc::system_error);
        EXPECT_EQ(client
                      .listen(
                          "a", [](const std::string&) { return true; }, [](const std::string&) {})
                      .error(),
                  Errc::system_error);
        EXPECT_TRUE(watch.next(60s));
        EXPECT_TRUE(client.put("a", "2"));
    });
    EXPECT_TRUE(child.join());
}

}  // namespace
}  // namespace ringside
