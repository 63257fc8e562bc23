#include "tests/gateway/gateway_test.hpp"
#include "tests/support/child.hpp"
#include "tests/support/growing_time.hpp"

namespace ringside {
namespace {

using ::testing::HasSubstr;
using testing::HttpResponse;

class GatewayMessages : public testing::GatewayTest {};

TEST_F(GatewayMessages, AnEventIsPublishedToThoseWhoSubscribe) {
    auto events = client_.subscribe("sold/*").value();
    const auto told = http_.post("/v1/events/sold%2F42", R"({"seat":"A12"})");
    EXPECT_EQ(told.status, 200) << told.body;
    const auto event = events.next(testing::soon);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->record.name(), "sold/42");
    EXPECT_EQ(to_json(event->record.document()), R"({"seat":"A12"})");
    EXPECT_EQ(member(told, "revision"), std::to_string(event->record.revision()));
    expect_problem(http_.get("/v1/records/sold%2F42"), 404, "not_found");
}

TEST_F(GatewayMessages, BadEventsAreRefused) {
    expect_problem(http_.post("/v1/events/a", "{"), 400, "bad_json");
    expect_problem(http_.post("/v1/events/a%2F%2Fb", "1"), 400, "bad_name");
    expect_problem(http_.post("/v1/events/a%2F*", "1"), 400, "bad_name");
    expect_problem(http_.post("/v1/events/$sys%2Fa", "1"), 403, "reserved_name");
    const auto refused = http_.get("/v1/events/a");
    expect_problem(refused, 405, "method_not_allowed");
    EXPECT_EQ(refused.header("Allow"), "POST, OPTIONS");
}

TEST_F(GatewayMessages, CallReturnsTheAnswerUnchanged) {
    const Service service =
        client_
            .provide("quote/*", [](Call& call) { call.answer(to_json(call.document())).value(); })
            .value();
    const auto answer = http_.post("/v1/rpc/quote%2F7", R"({"seat":"A12"})");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    EXPECT_EQ(answer.body, R"({"seat":"A12"})");
    EXPECT_EQ(http_.post("/v1/rpc/quote%2F7", "1", {{"Ringside-Idempotent", "true"}}).body, "1");
}

TEST_F(GatewayMessages, AFailureOfTheProviderIs422WithItsDocument) {
    const Service service =
        client_.provide("quote", [](Call& call) { call.fail(R"({"why":"sold"})").value(); })
            .value();
    const auto answer = http_.post("/v1/rpc/quote", "1");
    expect_problem(answer, 422, "call_failed");
    EXPECT_EQ(member(answer, "failure"), R"({"why":"sold"})");
}

TEST_F(GatewayMessages, ACallThatNobodyServesIs503) {
    expect_problem(http_.post("/v1/rpc/nobody", "1"), 503, "no_provider");
}

TEST_F(GatewayMessages, ACallThatTakesTooLongIs504) {
    auto provider = client_.provide("slow").value();
    EXPECT_TRUE(testing::with_growing_limit([&](std::chrono::milliseconds limit) {
        const std::string time = std::to_string(limit.count());
        http_.begin("POST", "/v1/rpc/slow", {{"Ringside-Timeout", time}}, "1");
        const auto call = provider.next(limit);
        expect_problem(http_.read(), 504, "timed_out");
        return call.has_value();
    }));
}

TEST_F(GatewayMessages, AProviderThatIsLostIs502) {
    const testing::Child killed([&] {
        Client client = attach();
        auto provider = client.provide("lost").value();
        const auto call = provider.next(testing::soon).value();
        ::raise(SIGKILL);
    });
    HttpResponse answer;
    EXPECT_TRUE(testing::eventually([&] {
        answer = http_.post("/v1/rpc/lost", "1");
        return answer.status != 503;  // until it provides
    }));
    expect_problem(answer, 502, "provider_lost");
}

TEST_F(GatewayMessages, CallsOfManyConnectionsAreUnderWayAtATime) {
    auto provider = client_.provide("slow/*").value();
    std::vector<std::unique_ptr<testing::HttpClient>> clients;
    std::vector<Call> calls;
    for (int i = 0; i < 50; ++i) {
        clients.push_back(std::make_unique<testing::HttpClient>(gateway_.port()));
        clients.back()->begin("POST", "/v1/rpc/slow%2F" + std::to_string(i), {}, std::to_string(i));
        calls.push_back(provider.next(testing::soon).value());
    }
    for (auto call = calls.rbegin(); call != calls.rend(); ++call) {
        call->answer(to_json(call->document())).value();
    }
    for (std::size_t i = 0; i < clients.size(); ++i) {
        EXPECT_EQ(clients[i]->read().body, std::to_string(i));
    }
}

TEST_F(GatewayMessages, BadCallsAreRefused) {
    for (const char* time : {"0", "-1", "soon", "1.5", "99999999999999999999", "5 "}) {
        const auto refused = http_.post("/v1/rpc/a", "1", {{"Ringside-Timeout", time}});
        if (std::string(time) == "5 ")
            EXPECT_EQ(refused.status, 503) << "a blank is not of a value";
        else expect_problem(refused, 400, "bad_timeout");
    }
    expect_problem(http_.post("/v1/rpc/a", "1", {{"Ringside-Idempotent", "yes"}}), 400,
                   "bad_parameter");
    expect_problem(http_.post("/v1/rpc/a", "{"), 400, "bad_json");
    expect_problem(http_.post("/v1/rpc/a%2F%2Fb", "1"), 400, "bad_name");
    expect_problem(http_.get("/v1/rpc/a"), 405, "method_not_allowed");
}

}  // namespace
}  // namespace ringside
