#include <memory>

#include "shm/segment/segment.hpp"
#include "tests/gateway/watching.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside {
namespace {

using testing::RawSocket;
using testing::SseClient;
using ::testing::StartsWith;

class GatewayRestart : public testing::WatchingTest {};

class GatewayWithoutPatience : public testing::WatchingTest {
protected:
    GatewayWithoutPatience() : WatchingTest({"--broker-timeout-ms", "100"}) {}
};

class GatewayThatDrainsLong : public testing::WatchingTest {
protected:
    GatewayThatDrainsLong()
        : WatchingTest({"--drain-ms", std::to_string(testing::never.count())}) {}
};

TEST_F(GatewayRestart, ReadsContinueWithoutABrokerAndWritesWaitForTheNext) {
    client_.put("a", "1").value();
    grid_.kill_broker();
    EXPECT_EQ(http_.get("/v1/records/a").body, "1");
    EXPECT_EQ(http_.get("/healthz").status, 200);
    EXPECT_TRUE(testing::eventually([&] { return http_.get("/readyz").status == 503; }));
    expect_problem(http_.get("/readyz"), 503, "no_broker");
    testing::HttpClient writer(gateway_.port());
    writer.begin("PUT", "/v1/records/a", {}, "2");
    EXPECT_EQ(http_.get("/v1/records/a").body, "1") << "others are served while a write waits";
    grid_.start();
    EXPECT_EQ(writer.read().status, 200);
    EXPECT_EQ(http_.get("/v1/records/a").body, "2");
    EXPECT_TRUE(testing::eventually([&] { return http_.get("/readyz").status == 200; }));
}

TEST_F(GatewayWithoutPatience, AWriteWithoutABrokerIsRefusedAfterAWhile) {
    grid_.kill_broker();
    const auto refused = http_.put("/v1/records/a", "1");
    // The next broker finds the waiting request in the segment.
    if (refused.status == 504) expect_problem(refused, 504, "timed_out");
    else expect_problem(refused, 503, "no_broker");
    grid_.start();
    // On a slow machine a write that is carried out may be refused as well.
    EXPECT_TRUE(
        testing::eventually([&] { return http_.put("/v1/records/a", "2").status / 100 == 2; }));
    EXPECT_EQ(http_.get("/v1/records/a").body, "2");
}

TEST_F(GatewayRestart, WatchesContinueWithTheNextBroker) {
    auto stream = watch("pattern=**");
    stream.settle();
    client_.put("a", "1").value();
    EXPECT_EQ(next(stream), "put a=1");
    grid_.kill_broker();
    grid_.start();
    client_.put("b", "2").value();
    EXPECT_EQ(next(stream), "put b=2");
    EXPECT_EQ(http_.put("/v1/records/c", "3").status, 201);
    EXPECT_EQ(next(stream), "put c=3");
}

TEST_F(GatewayRestart, WatchStartedWithoutABrokerDeliversTheStateAndContinues) {
    client_.put("a", "1").value();
    grid_.kill_broker();
    auto stream = watch("pattern=**&initial=true");
    EXPECT_EQ(next(stream), "current a=1");
    grid_.start();
    client_.put("b", "2").value();
    EXPECT_EQ(next(stream), "put b=2");
}

TEST_F(GatewayRestart, WatchesOfARecreatedGridReportLaggedAndTheState) {
    client_.put("old", "1").value();
    auto stream = watch("pattern=**");
    const std::string last = stream.settle();
    grid_.lose();
    grid_.start();
    Client fresh = attach();
    fresh.put("new", "2").value();
    EXPECT_EQ(next(stream), "lagged");
    std::string told = next(stream);
    EXPECT_TRUE(told == "current new=2" || told == "put new=2") << told;
    auto later = watch("pattern=**", {{"Last-Event-ID", last}});
    EXPECT_EQ(next(later), "lagged");
    EXPECT_EQ(next(later), "current new=2");
    EXPECT_EQ(http_.get("/v1/records/new").body, "2");
    expect_problem(http_.get("/v1/records/old"), 404, "not_found");
    // An earlier write may be lost with its grid; its client must find out.
    EXPECT_TRUE(testing::eventually([&] {
        const auto written = http_.put("/v1/records/third", "3");
        if (written.status != 201) expect_problem(written, 503, "connection_lost");
        return written.status == 201;
    }));
}

TEST_F(GatewayRestart, ReadsSucceedAsSoonAsTheNextGridServes) {
    for (int round = 0; round < 3; ++round) {
        const std::string seat = "seat/" + std::to_string(round);
        attach().put(seat, "1").value();
        grid_.stop();
        ASSERT_TRUE(testing::eventually([&] { return http_.get("/v1/records/x").status == 503; }));
        grid_.start();
        EXPECT_EQ(http_.get("/v1/records?name=" + seat).status, 404) << "the gateway waits";
        EXPECT_EQ(http_.get("/v1/records").status, 200);
    }
}

TEST_F(GatewayRestart, AListenerOfTheNextBrokerIsAskedForWhatIsWatched) {
    auto stream = watch("pattern=price/1");
    stream.settle();
    grid_.kill_broker();
    grid_.start();
    Listener listener = client_.listen("price/*").value();
    const auto wanted = listener.next(testing::soon);
    ASSERT_TRUE(wanted);
    EXPECT_EQ(wanted->subject, "price/1");
}

TEST_F(GatewayRestart, AStreamIsResumedAtAnotherGatewayWithoutAHole) {
    auto stream = std::make_unique<SseClient>(watch("pattern=**"));
    stream->settle();
    client_.put("a", "1").value();
    EXPECT_EQ(next(*stream), "put a=1");
    gateway_.kill();
    EXPECT_EQ(next(*stream), "end");
    client_.put("b", "2").value();
    gateway_.start();
    auto resumed = watch("pattern=**", {{"Last-Event-ID", stream->last_id()}});
    EXPECT_EQ(next(resumed), "put b=2");
    client_.put("c", "3").value();
    EXPECT_EQ(next(resumed), "put c=3");
}

TEST_F(GatewayRestart, AGatewayThatIsKilledLeavesNothingInTheGrid) {
    const auto segment = shm::Segment::open(grid_.name()).value();
    const auto open = [&] { return segment.header().counters.sessions_open.load(); };
    auto stream = watch("pattern=price/*");
    stream.settle();
    Listener listener = client_.listen("price/*").value();
    ASSERT_EQ(http_.put("/v1/records/price%2F1", "1").status, 201);
    EXPECT_EQ(listener.next(testing::soon).value().kind, InterestKind::wanted);
    EXPECT_GT(open(), 1U);
    gateway_.kill();
    EXPECT_TRUE(testing::eventually([&] { return open() == 1; })) << "that of this test";
    EXPECT_EQ(listener.next(testing::soon).value().kind, InterestKind::unwanted);
}

TEST_F(GatewayThatDrainsLong, SigtermAnswersRequestsUnderWayAndEndsStreams) {
    Client server = attach();
    auto provider = server.provide("slow").value();
    auto stream = watch("pattern=**");
    stream.settle();
    const RawSocket idle(gateway_.port());
    idle.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ASSERT_THAT(idle.receive().value(), StartsWith("HTTP/1.1 200 "));
    http_.begin("POST", "/v1/rpc/slow", {}, "1");
    auto call = provider.next(testing::soon).value();
    gateway_.signal(SIGTERM);
    EXPECT_EQ(next(stream), "end");
    EXPECT_EQ(idle.read_to_end(), "");
    EXPECT_TRUE(testing::eventually([&] {
        try {
            const RawSocket late(gateway_.port());
            return false;
        } catch (const std::runtime_error&) {
            return true;
        }
    })) << "no further connection is accepted";
    call.answer("2").value();
    const auto answer = http_.read();
    EXPECT_EQ(answer.body, "2");
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_EQ(gateway_.wait(), 0);
}

TEST_F(GatewayRestart, SigtermWithNothingUnderWayEndsAtOnce) {
    ASSERT_EQ(http_.get("/healthz").status, 200);
    EXPECT_EQ(gateway_.stop(), 0);
}

TEST_F(GatewayRestart, ARequestThatTakesTooLongForTheDrainIsCut) {
    gateway_.stop();
    gateway_.set_options({"--drain-ms", "200"});
    gateway_.start();
    Client server = attach();
    auto provider = server.provide("slow").value();
    const RawSocket socket(gateway_.port());
    socket.send("POST /v1/rpc/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n1");
    const auto call = provider.next(testing::soon).value();
    gateway_.signal(SIGTERM);
    EXPECT_EQ(socket.read_to_end(), "");
    EXPECT_EQ(gateway_.wait(), 0);
}

TEST_F(GatewayRestart, GatewayWithoutAGridReportsItAndEnds) {
    testing::Process alone(
        {built::gateway, "--grid", grid_.name() + "-none", "--listen", "127.0.0.1:0"});
    EXPECT_EQ(alone.finish(0), 1);
    EXPECT_THAT(alone.errors(), ::testing::HasSubstr(grid_.name() + "-none"));
}

}  // namespace
}  // namespace ringside
