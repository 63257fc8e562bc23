#include <signal.h>

#include <fstream>
#include <memory>
#include <thread>

#include "tests/gateway/watching.hpp"
#include "tests/support/raw_web_socket.hpp"
#include "tests/support/segment_surgery.hpp"
#include "tests/support/ws_client.hpp"
#include "tools/gateway/rest/record_list.hpp"

/// What one client, or a broker that hangs, must not do to others.
namespace ringside {
namespace {

using testing::beginning_of_message;
using testing::eventually;
using ::testing::HasSubstr;
using testing::HttpClient;
using testing::RawWebSocket;
using testing::soon;
using testing::WsClient;

#if defined(RINGSIDE_ADDRESS_SANITIZER) || defined(RINGSIDE_THREAD_SANITIZER)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

class GatewayLoad : public testing::WatchingTest {
protected:
    explicit GatewayLoad(std::vector<std::string> options = {})
        : WatchingTest(std::move(options)) {}

    /// Returns a figure of `/metrics`, or -1 if it does not exist.
    double figure(const std::string& name) {
        const std::string text = http_.get("/metrics").body;
        const auto at = text.find("\n" + name + " ");
        return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
    }
    double queries(const std::string& state) {
        return figure("ringside_gateway_work_" + state + "{kind=\"query\"}");
    }
    /// Starts a query that runs until its time limit.
    [[nodiscard]] std::unique_ptr<HttpClient> endless_query() const {
        auto client = std::make_unique<HttpClient>(gateway_.port());
        client->begin("POST", "/v1/query", {}, endless);
        return client;
    }
    /// Returns the peak memory of the gateway in MiB.
    [[nodiscard]] double peak_mib() const { return memory_mib("VmHWM:"); }
    void expect_peak_below(double mib) const {
        if (is_sanitized) return;
        EXPECT_LT(peak_mib(), mib);
    }
    [[nodiscard]] double memory_mib(const std::string& which) const {
        std::ifstream status("/proc/" + std::to_string(gateway_.pid()) + "/status");
        for (std::string word; status >> word;) {
            if (word != which) continue;
            double kib = 0;
            status >> kib;
            return kib / 1024;
        }
        return 0;
    }

    static constexpr std::string_view endless =
        R"({"sql":"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c))"
        R"( SELECT count(*) FROM c"})";
};

TEST_F(GatewayLoad, SlowQueriesDelayNoOtherKindOfWork) {
    std::vector<std::unique_ptr<HttpClient>> slow;
    for (int i = 0; i < 8; ++i) slow.push_back(endless_query());
    ASSERT_TRUE(eventually([&] { return queries("waiting") == 6; }));
    EXPECT_EQ(queries("running"), 2) << "half of the threads";
    WsClient provider(gateway_.port());
    provider.ask(R"({"id":1,"op":"provide","pattern":"p"})");
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(http_.get("/v1/records").status, 200);
        EXPECT_EQ(
            http_.post("/v1/transactions", R"({"writes":[{"op":"put","name":"a","document":1}]})")
                .status,
            200);
        HttpClient caller(gateway_.port());
        caller.begin("POST", "/v1/rpc/p", {}, "1");
        const std::string call = provider.told();
        const std::string id = call.substr(call.find(R"("call":)") + 7, 1);
        provider.ask(R"({"id":2,"op":"answer","document":2,"call":)" + id + "}");
        EXPECT_EQ(caller.read().body, "2");
    }
}

TEST_F(GatewayLoad, QueriesEndWhenTheirClientsLeave) {
    // In sequence they would take minutes.
    std::vector<std::unique_ptr<HttpClient>> slow;
    for (int i = 0; i < 18; ++i) slow.push_back(endless_query());
    ASSERT_TRUE(eventually([&] { return queries("waiting") == 16; }));
    expect_problem(http_.post("/v1/query", endless), 429, "too_many_requests");
    slow.clear();
    EXPECT_TRUE(eventually([&] { return queries("running") + queries("waiting") == 0; }));
    EXPECT_EQ(http_.post("/v1/query", R"({"sql":"SELECT 1"})").status, 200);
}

TEST_F(GatewayLoad, QueriesTakeNoLongerThanTheirCallersSay) {
    const std::string sql(endless);
    const auto within = [&](const std::string& time) {
        return http_.post("/v1/query", R"({"timeout_ms":)" + time + "," + sql.substr(1));
    };
    expect_problem(within("20"), 504, "query_timed_out");
    for (const char* bad : {"0", "30001"}) expect_problem(within(bad), 400, "bad_timeout");
}

TEST_F(GatewayLoad, ListsEndTheirPagesWhenTheirTimeIsOver) {
    Transaction many;
    for (int i = 0; i < 1000; ++i) many.put("a/" + std::to_string(1000 + i), "1").value();
    client_.commit(many).value();
    std::string target = "/v1/records?pattern=a/*&limit=1000&documents=false&timeout_ms=1";
    std::size_t records = 0;
    for (int pages = 1; !target.empty(); ++pages) {
        ASSERT_LT(pages, 1000);
        const auto page = http_.get(target);
        ASSERT_EQ(page.status, 200) << page.body;
        const auto document = Document::parse(page.body).value();
        records += document.root()["records"].size();
        target = std::string(document.root()["next"].as_string().value_or(""));
    }
    EXPECT_EQ(records, 1000U);
    expect_problem(http_.get("/v1/records?timeout_ms=0"), 400, "bad_parameter");
}

TEST_F(GatewayLoad, SnapshotsOfListsAreReleasedWhenTheirTimeIsOver) {
    gateway::SnapshotShelf shelf(client_, std::chrono::seconds(0));
    shelf.keep(shelf.at(std::nullopt).value());
    EXPECT_EQ(shelf.size(), 1U);
    shelf.release_expired();
    EXPECT_EQ(shelf.size(), 0U);
}

TEST_F(GatewayLoad, BrokerThatHangsDoesNotKeepTheLoop) {
    const auto begun = std::chrono::steady_clock::now();
    kill(grid_.broker(), SIGSTOP);
    std::vector<testing::SseClient> streams;
    for (int i = 0; i < 30; ++i) {
        // Each new pattern is declared to the broker, which would take seconds here.
        streams.push_back(watch("pattern=a/" + std::to_string(i)));
        EXPECT_EQ(http_.get("/healthz").status, 200);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begun, soon);
    kill(grid_.broker(), SIGCONT);
    client_.put("a/0", "1").value();
    EXPECT_EQ(next(streams[0]), "put a/0=1");
}

TEST_F(GatewayLoad, IsNotReadyWhileItsBrokerHangs) {
    EXPECT_TRUE(eventually([&] { return http_.get("/readyz").status == 200; }));
    kill(grid_.broker(), SIGSTOP);
    EXPECT_TRUE(eventually([&] { return http_.get("/readyz").status == 503; }));
    expect_problem(http_.get("/readyz"), 503, "no_broker");
    kill(grid_.broker(), SIGCONT);
    EXPECT_TRUE(eventually([&] { return http_.get("/readyz").status == 200; }));
}

TEST_F(GatewayLoad, IsNotReadyWhileTheStoreIsFailing) {
    const testing::SegmentSurgery segment(grid_.name());
    segment.view().header().store.is_failing.store(1);
    expect_problem(http_.get("/readyz"), 503, "read_only");
    segment.view().header().store.is_failing.store(0);
    EXPECT_TRUE(eventually([&] { return http_.get("/readyz").status == 200; }));
}

TEST_F(GatewayLoad, IncompleteMessagesOfAllWebSocketsHaveABudget) {
    constexpr std::uint64_t announced = 12U << 20;
    constexpr std::size_t sent = 9U << 20;
    std::vector<std::unique_ptr<RawWebSocket>> sockets;
    for (int i = 0; i < 20; ++i) {
        sockets.push_back(std::make_unique<RawWebSocket>(gateway_.port(), "/v1/ws"));
        sockets.back()->send(beginning_of_message(announced, sent));
    }
    // The last one certainly exceeds the limit.
    EXPECT_EQ(sockets.back()->close_code(), 1013U);
    EXPECT_LE(figure("ringside_gateway_streams_bytes"), 64 << 20);
    EXPECT_GE(figure("ringside_gateway_streams_refused_total"), 1);
    expect_peak_below(300);
    sockets.clear();
    EXPECT_TRUE(eventually([&] { return figure("ringside_gateway_streams_bytes") == 0; }));
}

TEST_F(GatewayLoad, RequestsOfAWebSocketUnderWayHaveABudget) {
    kill(grid_.broker(), SIGSTOP);
    WsClient ws(gateway_.port());
    constexpr int count = 200;
    std::thread sender([&] {
        const std::string text(1U << 20, 'x');
        for (int i = 0; i < count; ++i) {
            ws.send(R"({"id":)" + std::to_string(i) + R"(,"op":"put","name":"a","document":")" +
                    text + "\"}");
        }
    });
    EXPECT_TRUE(eventually([&] { return figure("ringside_gateway_streams_bytes") > 8 << 20; }));
    EXPECT_LE(figure("ringside_gateway_streams_bytes"), 64 << 20);
    kill(grid_.broker(), SIGCONT);
    for (int i = 0; i < count; ++i) EXPECT_THAT(ws.answer(), HasSubstr(R"("ok":true)"));
    sender.join();
    expect_peak_below(250);
    EXPECT_TRUE(eventually([&] { return figure("ringside_gateway_streams_bytes") == 0; }));
}

TEST_F(GatewayLoad, StreamsThatBeginWithLargeDocumentsHaveABudget) {
    const std::string large = '"' + std::string(4U << 20, 'x') + '"';
    for (int i = 0; i < 4; ++i) client_.put("large/" + std::to_string(i), large).value();
    std::vector<testing::SseClient> streams;
    constexpr int receive_bytes = 65'536;  // so that the rest stays in the gateway
    for (int i = 0; i < 40; ++i) {
        streams.push_back(watch("pattern=large/*&initial=true", {}, receive_bytes));
    }
    // 160 MiB of documents. Each idle stream may hold one while there is room.
    EXPECT_TRUE(eventually([&] { return figure("ringside_gateway_watches") == 40; }));
    EXPECT_TRUE(eventually([&] { return figure("ringside_gateway_streams_bytes") > 32 << 20; }));
    EXPECT_LE(figure("ringside_gateway_streams_bytes"), (64 << 20) + (8 << 20));
    // All are served in the end.
    std::vector<std::thread> readers;
    for (auto& stream : streams) {
        readers.emplace_back([&stream] {
            for (int i = 0; i < 4; ++i) {
                const auto event = stream.next();
                ASSERT_TRUE(event);
                EXPECT_EQ(event->type, "current");
            }
        });
    }
    for (std::thread& reader : readers) reader.join();
}

TEST_F(GatewayLoad, MemoryThatAQueryHasTakenGoesBack) {
    if (is_sanitized) GTEST_SKIP() << "a sanitizer keeps what was freed";
    const double before = memory_mib("VmRSS:");
    // Many small texts exist at the same time, in the heaps of the allocator.
    const std::string bomb =
        R"~({"sql":"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 200000))~"
        R"~( SELECT count(*) FROM (SELECT x, hex(randomblob(100)) AS t FROM c ORDER BY t)"})~";
    EXPECT_EQ(http_.post("/v1/query", bomb).status, 200);
    EXPECT_GT(peak_mib(), before + 30);
    EXPECT_TRUE(eventually([&] { return memory_mib("VmRSS:") < before + 15; }));
}

class GatewayLoadWithoutPatience : public GatewayLoad {
protected:
    GatewayLoadWithoutPatience() : GatewayLoad({"--body-timeout-ms", "200"}) {}
};

TEST_F(GatewayLoadWithoutPatience, MessagesThatDoNotCompleteEndTheirWebSocket) {
    const RawWebSocket socket(gateway_.port(), "/v1/ws");
    socket.send(beginning_of_message(100'000, 10));
    EXPECT_EQ(socket.close_code(), 1008U);
}

}  // namespace
}  // namespace ringside
