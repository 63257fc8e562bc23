#include <sys/resource.h>

#include <memory>

#include "tests/gateway/gateway_test.hpp"
#include "tests/support/growing_time.hpp"

namespace ringside {
namespace {

using testing::HttpClient;
using testing::RawSocket;
using ::testing::StartsWith;
using testing::TestGateway;
using testing::TestGrid;

/// Sets the limit of open files for this process and its children.
void allow_files(rlim_t count) {
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur >= count) return;
    limit.rlim_cur = count;
    limit.rlim_max = std::max(limit.rlim_max, count);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0) << "this test needs " << count << " files";
}

/// Many idle connections do not prevent service on another one.
void serve_beside_idle_connections(std::size_t count) {
    allow_files(count + 1000);
    const TestGrid grid;
    const TestGateway gateway(grid.name());
    std::vector<std::unique_ptr<RawSocket>> idle;
    for (std::size_t i = 0; i < count; ++i) {
        idle.push_back(std::make_unique<RawSocket>(gateway.port()));
    }
    HttpClient http(gateway.port());
    EXPECT_EQ(http.put("/v1/records/a", "1").status, 201);
    EXPECT_EQ(http.get("/v1/records/a").body, "1");
    for (const auto& socket : idle) {
        socket->send("GET /v1/records/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    for (const auto& socket : idle) {
        ASSERT_THAT(socket->receive().value_or("nothing"), StartsWith("HTTP/1.1 200 "));
    }
}

TEST(GatewayLimits, AThousandIdleConnectionsAreServed) { serve_beside_idle_connections(1000); }
TEST(LongGatewayLimits, TenThousandIdleConnectionsAreServed) {
    serve_beside_idle_connections(10'000);
}

TEST(GatewayLimits, AHeaderThatComesTooSlowlyIs408) {
    const TestGrid grid;
    const TestGateway gateway(grid.name(), {"--header-timeout-ms", "300"});
    const RawSocket socket(gateway.port());
    std::string answered;
    // One byte at a time: each is a sign of life, but the header must be complete in time.
    EXPECT_TRUE(testing::eventually([&] {
        socket.send("G");
        answered = socket.receive(std::chrono::milliseconds(5)).value_or("");
        return !answered.empty();
    }));
    EXPECT_THAT(answered + socket.read_to_end(), StartsWith("HTTP/1.1 408 "));
    HttpClient http(gateway.port());
    EXPECT_EQ(http.get("/healthz").status, 200);
}

TEST(GatewayLimits, TruncatedHeaderGets408) {
    const TestGrid grid;
    const TestGateway gateway(grid.name(), {"--header-timeout-ms", "300"});
    const RawSocket socket(gateway.port());
    socket.send("GET /healthz HT");
    EXPECT_THAT(socket.read_to_end(), StartsWith("HTTP/1.1 408 "));
}

TEST(GatewayLimits, ABodyThatDoesNotComeIs408) {
    const TestGrid grid;
    const TestGateway gateway(grid.name(), {"--body-timeout-ms", "300"});
    const RawSocket socket(gateway.port());
    socket.send("PUT /v1/records/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n1");
    EXPECT_THAT(socket.read_to_end(), StartsWith("HTTP/1.1 408 "));
}

TEST(GatewayLimits, AnIdleConnectionIsClosedWithoutAWord) {
    const TestGrid grid;
    EXPECT_TRUE(testing::with_growing_limit([&](std::chrono::milliseconds limit) {
        const TestGateway gateway(grid.name(),
                                  {"--idle-timeout-ms", std::to_string(limit.count())});
        EXPECT_EQ(RawSocket(gateway.port()).read_to_end(), "");
        const RawSocket used(gateway.port());
        used.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        const std::string answered = used.read_to_end();
        if (answered.empty()) return false;
        EXPECT_THAT(answered, StartsWith("HTTP/1.1 200 "));
        return true;
    }));
}

TEST(GatewayLimits, ConnectionBeyondTheLimitGets503AndOthersContinue) {
    const TestGrid grid;
    const TestGateway gateway(grid.name(), {"--connections", "2"});
    HttpClient first(gateway.port());
    auto second = std::make_unique<HttpClient>(gateway.port());
    EXPECT_EQ(first.get("/healthz").status, 200);
    EXPECT_EQ(second->get("/healthz").status, 200);
    HttpClient third(gateway.port());
    const auto refused = third.read();
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.header("Retry-After"), "1");
    EXPECT_EQ(first.get("/healthz").status, 200);
    second.reset();
    EXPECT_TRUE(testing::eventually([&] {
        const RawSocket next(gateway.port());
        next.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        return next.read_to_end().starts_with("HTTP/1.1 200 ");
    }));
}

TEST(GatewayLimits, ClientThatTakesNoAnswerIsDisconnected) {
    const TestGrid grid;
    const TestGateway gateway(grid.name(), {"--write-timeout-ms", "300", "--connections", "2"});
    HttpClient http(gateway.port());
    ASSERT_EQ(http.put("/v1/records/a", '"' + std::string(1'000'000, 'x') + '"').status, 201);
    const RawSocket deaf(gateway.port(), 4096);
    for (int i = 0; i < 20; ++i) {
        deaf.send("GET /v1/records/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    // The place of a dropped connection is free for another one.
    EXPECT_TRUE(testing::eventually([&] {
        const RawSocket next(gateway.port());
        next.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        return next.read_to_end().starts_with("HTTP/1.1 200 ");
    }));
}

}  // namespace
}  // namespace ringside
