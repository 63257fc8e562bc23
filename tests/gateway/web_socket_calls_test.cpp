#include <signal.h>

#include <atomic>
#include <optional>

#include "tests/gateway/gateway_test.hpp"
#include "tests/gateway/native_call.hpp"
#include "tests/support/raw_web_socket.hpp"
#include "tests/support/ws_client.hpp"

/// Calls that are provided over WebSockets, and messages that concern one request alone.
namespace ringside {
namespace {

using testing::count_calls;
using testing::eventually;
using ::testing::HasSubstr;
using testing::NativeCall;
using testing::soon;
using testing::WsClient;

class WebSocketCalls : public testing::GatewayTest {
protected:
    explicit WebSocketCalls(std::vector<std::string> options = {})
        : GatewayTest(std::move(options)) {}

    static std::string member(const std::string& message, std::string_view key) {
        const auto document = Document::parse(message).value();
        const Value value = document.root()[key];
        return value.exists() ? to_json(value) : std::string();
    }
    void call(const std::string& name, const std::string& json, const CallOptions& options = {}) {
        call_.emplace(attach(), name, json, options);
    }
    const std::string& outcome() { return call_->outcome(); }

    std::optional<NativeCall> call_;
};

TEST_F(WebSocketCalls, CallOfALeavingProviderIsNotCarriedOutAgain) {
    auto leaving = std::make_unique<WsClient>(gateway_.port());
    leaving->ask(R"({"id":1,"op":"provide","pattern":"pay"})");
    call("pay", "1");
    EXPECT_THAT(leaving->told(), HasSubstr(R"("name":"pay")"));
    std::atomic<int> carried_out = 0;
    const Service other = count_calls(client_, "pay", carried_out);
    leaving.reset();
    EXPECT_EQ(outcome(), "provider_lost");
    EXPECT_EQ(carried_out, 0);
    EXPECT_EQ(NativeCall::shown(client_.call("pay", "1", {.timeout = soon})), "2")
        << "the next call";
}

TEST_F(WebSocketCalls, IdempotentCallGoesToTheNextProvider) {
    auto leaving = std::make_unique<WsClient>(gateway_.port());
    leaving->ask(R"({"id":1,"op":"provide","pattern":"quote"})");
    call("quote", "1", {.idempotent = true});
    EXPECT_THAT(leaving->told(), HasSubstr(R"("name":"quote")"));
    const Service other =
        client_.provide("quote", [](Call& again) { again.answer("2").value(); }).value();
    leaving.reset();
    EXPECT_EQ(outcome(), "2");
}

TEST_F(WebSocketCalls, WithdrawnFromAProviderMayStillBeAnswered) {
    WsClient provider(gateway_.port());
    const std::string id =
        member(provider.ask(R"({"id":1,"op":"provide","pattern":"pay"})"), "provider");
    call("pay", "1");
    const std::string taken = member(provider.told(), "call");
    EXPECT_EQ(member(provider.ask(R"({"id":2,"op":"withdraw","provider":)" + id + "}"), "ok"),
              "true");
    provider.ask(R"({"id":3,"op":"answer","document":7,"call":)" + taken + "}");
    EXPECT_EQ(outcome(), "7");
}

TEST_F(WebSocketCalls, TimeoutIsReportedToTheProvider) {
    WsClient provider(gateway_.port());
    const std::string id =
        member(provider.ask(R"({"id":1,"op":"provide","pattern":"slow"})"), "provider");
    // On a busy machine a call may time out before it is offered; another one with more time
    // follows.
    for (std::chrono::seconds timeout{1}; !provider.has_told(); timeout *= 2) {
        call("slow", "1", {.timeout = timeout});
        EXPECT_EQ(outcome(), "timed_out");
        provider.ask(R"({"id":9,"op":"ping"})");
    }
    const std::string taken = member(provider.told(), "call");
    EXPECT_EQ(provider.told(), R"({"provider":)" + id + R"(,"cancelled":)" + taken + "}");
    EXPECT_THAT(provider.ask(R"({"id":2,"op":"answer","document":7,"call":)" + taken + "}"),
                HasSubstr("no such call"));
}

TEST_F(WebSocketCalls, CancelledCallIsReportedToItsProvider) {
    WsClient provider(gateway_.port());
    provider.ask(R"({"id":1,"op":"provide","pattern":"slow"})");
    std::string taken;
    {
        Client caller = attach();
        auto calls = caller.call_pipeline([](std::uint64_t, const Result<Answer>&) {}).value();
        calls.call("slow", "1").value();
        taken = member(provider.told(), "call");
    }
    EXPECT_THAT(provider.told(), HasSubstr(R"("cancelled":)" + taken));
}

class WebSocketCallsOfAStuckBroker : public WebSocketCalls {
protected:
    WebSocketCallsOfAStuckBroker() : WebSocketCalls({"--broker-timeout-ms", "200"}) {}
};

TEST_F(WebSocketCallsOfAStuckBroker, RefusedAnswerCanBeRepeated) {
    WsClient provider(gateway_.port());
    provider.ask(R"({"id":1,"op":"provide","pattern":"pay"})");
    call("pay", "1");
    const std::string taken = member(provider.told(), "call");
    kill(grid_.broker(), SIGSTOP);
    // More than the lane holds.
    const std::string large = '"' + std::string(8U << 20, 'x') + '"';
    const std::string refused =
        provider.ask(R"({"id":2,"op":"answer","call":)" + taken + R"(,"document":)" + large + "}");
    kill(grid_.broker(), SIGCONT);
    EXPECT_EQ(member(refused, "ok"), "false");
    EXPECT_TRUE(eventually([&] {
        return member(provider.ask(R"({"id":3,"op":"answer","document":7,"call":)" + taken + "}"),
                      "ok") == "true";
    }));
    EXPECT_EQ(outcome(), "7");
}

TEST_F(WebSocketCalls, CallWithAnUnstorableDocumentIsRefused) {
    WsClient ws(gateway_.port());
    const std::string deep = std::string(70, '[') + std::string(70, ']');
    const std::vector<std::pair<std::string, std::string>> cases = {
        {R"({"id":1,"op":"put","name":"a","document":{"k":1,"k":2}})", "1"},
        {R"({"op":"put","name":"a","document":)" + deep + R"(,"id":2})", "2"},
        {R"({"id":"three","op":"put","name":"a","document":"\ud83c"})", "\"three\""},
        {R"({"id":4,"op":"put","name":"a","document":1e400})", "4"},
        {R"({"op":"put","name":"a","document":1e400})", "null"}};
    for (const auto& [text, id] : cases) {
        const std::string answer = ws.ask(text);
        EXPECT_EQ(member(answer, "id"), id) << text;
        EXPECT_EQ(member(answer, "ok"), "false") << text;
    }
    EXPECT_EQ(ws.ask(R"({"id":5,"op":"ping"})"), R"({"id":5,"ok":true})") << "it goes on";
    EXPECT_EQ(client_.get("a").error(), Errc::not_found);
}

TEST_F(WebSocketCalls, CloseCodeFollowsAnAnswerUnderWay) {
    // More than the kernel takes at once: the answer is under way when the connection should end.
    // (After a larger one nothing would be read.)
    const testing::RawWebSocket socket(gateway_.port(), "/v1/ws", 4096);
    client_.put("large", '"' + std::string(4'000'000, 'x') + '"').value();
    socket.send(testing::short_message(R"({"id":1,"op":"get","name":"large"})") +
                testing::short_message("{"));
    EXPECT_EQ(socket.close_code(), 1007U);
}

}  // namespace
}  // namespace ringside
