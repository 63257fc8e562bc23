#include <set>
#include <thread>

#include "tests/gateway/gateway_test.hpp"
#include "tests/support/ws_client.hpp"

namespace ringside {
namespace {

using testing::eventually;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::WsClient;

class WebSocketTest : public testing::GatewayTest {
protected:
    WsClient ws_{gateway_.port()};

    /// Returns a member of a message as JSON, or an empty text.
    static std::string member(const std::string& message, std::string_view key) {
        const auto document = Document::parse(message).value();
        const Value value = document.root()[key];
        return value.exists() ? to_json(value) : std::string();
    }
    /// Formats kind, name and document of a watch's message.
    static std::string shown(const std::string& message) {
        const auto document = Document::parse(message).value();
        const Value said = document.root();
        std::string text(said["kind"].as_string().value());
        if (said["name"].exists()) text += " " + std::string(*said["name"].as_string());
        for (const char* key : {"document", "value"}) {
            if (said[key].exists()) text += "=" + to_json(said[key]);
        }
        return text;
    }
    std::string error_of(const std::string& request) {
        const auto document = Document::parse(ws_.ask(request)).value();
        EXPECT_EQ(document.root()["ok"].as_bool(), false);
        return std::string(document.root()["error"]["code"].as_string().value());
    }
};

TEST_F(WebSocketTest, RepeatsTheIdOfARequestInItsAnswer) {
    EXPECT_EQ(ws_.ask(R"({"id":1,"op":"ping"})"), R"({"id":1,"ok":true})");
    EXPECT_EQ(ws_.ask(R"({"id":"a\"b","op":"ping"})"), R"({"id":"a\"b","ok":true})");
    EXPECT_EQ(error_of(R"({"op":"ping"})"), "bad_request");
    EXPECT_EQ(error_of(R"({"id":[1],"op":"ping"})"), "bad_request");
    EXPECT_EQ(error_of(R"({"id":2})"), "bad_request");
    EXPECT_EQ(error_of(R"({"id":2,"op":"fly"})"), "bad_request");
}

TEST_F(WebSocketTest, ReadsAndWritesRecords) {
    EXPECT_EQ(member(ws_.ask(R"({"id":1,"op":"put","name":"a","document":{"n":1}})"), "version"),
              "1");
    EXPECT_EQ(error_of(R"({"id":2,"op":"put","name":"a","document":2,"if_absent":true})"),
              "condition_failed");
    ws_.ask(R"({"id":3,"op":"patch","name":"a","pointer":"/n","value":2,"if_version":1})");
    ws_.ask(R"({"id":4,"op":"merge","name":"a","document":{"m":3}})");
    ws_.ask(
        R"({"id":5,"op":"json_patch","name":"a","patch":[{"op":"add","path":"/k","value":4}]})");
    EXPECT_EQ(to_json(client_.get("a")->document()), R"({"k":4,"m":3,"n":2})");
    const std::string got = ws_.ask(R"({"id":6,"op":"get","name":"a"})");
    EXPECT_EQ(member(got, "document"), R"({"k":4,"m":3,"n":2})");
    EXPECT_EQ(member(got, "version"), "4");
    EXPECT_EQ(member(ws_.ask(R"({"id":7,"op":"get","name":"a","pointer":"/m"})"), "value"), "3");
    EXPECT_EQ(error_of(R"({"id":8,"op":"get","name":"a","pointer":"/x"})"), "path_not_found");
    ws_.ask(R"({"id":9,"op":"remove","name":"a"})");
    EXPECT_EQ(error_of(R"({"id":10,"op":"get","name":"a"})"), "not_found");
    EXPECT_EQ(error_of(R"({"id":11,"op":"put","name":"a"})"), "bad_request");
    EXPECT_EQ(error_of(R"({"id":12,"op":"put","document":1})"), "bad_request");
    EXPECT_EQ(error_of(R"({"id":13,"op":"put","name":"a","document":1,"ttl_ms":0})"), "bad_ttl");
}

TEST_F(WebSocketTest, CommitsAllOrNothing) {
    const std::string done =
        ws_.ask(R"({"id":1,"op":"commit","writes":[{"op":"put","name":"a","document":1},)"
                R"({"op":"put","name":"b","document":2}]})");
    EXPECT_EQ(member(done, "versions"), "[1,1]");
    EXPECT_EQ(error_of(R"({"id":2,"op":"commit","writes":[{"op":"put","name":"c","document":1},)"
                       R"({"op":"put","name":"a","document":2,"if_absent":true}]})"),
              "condition_failed");
    EXPECT_FALSE(client_.get("c"));
}

TEST_F(WebSocketTest, WritesInTheOrderInWhichTheyWereSent) {
    constexpr int count = 500;
    for (int i = 1; i <= count; ++i) {
        ws_.send(R"({"id":)" + std::to_string(i) + R"(,"op":"put","name":"a","document":)" +
                 std::to_string(i) + "}");
    }
    for (int i = 1; i <= count; ++i) EXPECT_EQ(member(ws_.answer(), "ok"), "true");
    EXPECT_EQ(client_.get("a")->document().as_int64(), count);
    EXPECT_EQ(client_.get("a")->version(), static_cast<Version>(count));
}

TEST_F(WebSocketTest, WatchesManyPatternsOverOneConnection) {
    client_.put("a/1", R"({"x":1,"y":1})").value();
    const std::string first =
        ws_.ask(R"({"id":1,"op":"watch","pattern":"a/*","initial":true,"events":true})");
    EXPECT_EQ(shown(ws_.told()), R"(current a/1={"x":1,"y":1})");
    EXPECT_EQ(shown(ws_.told()), "live");
    const std::string second = ws_.ask(R"({"id":2,"op":"watch","pattern":"a/1","pointer":"/x"})");
    EXPECT_EQ(shown(ws_.told()), "live");
    EXPECT_NE(member(first, "watch"), member(second, "watch"));
    client_.patch("a/1", "/y", "2").value();
    EXPECT_EQ(shown(ws_.told()), R"(patch a/1={"x":1,"y":2})") << "the second does not see /y";
    client_.publish("a/told", "7").value();
    EXPECT_EQ(shown(ws_.told()), "event a/told=7");
    client_.patch("a/1", "/x", "3").value();
    const std::set<std::string> both{shown(ws_.told()), shown(ws_.told())};
    EXPECT_EQ(both, (std::set<std::string>{R"(patch a/1={"x":3,"y":2})", "patch a/1=3"}));
    ws_.ask(R"({"id":3,"op":"unwatch","watch":)" + member(first, "watch") + "}");
    client_.remove("a/1").value();
    EXPECT_EQ(shown(ws_.told()), "remove a/1");
    EXPECT_EQ(error_of(R"({"id":4,"op":"unwatch","watch":)" + member(first, "watch") + "}"),
              "bad_request");
}

TEST_F(WebSocketTest, WatchResumesAfterAPlaceOnAnotherConnection) {
    ws_.ask(R"({"id":1,"op":"watch","pattern":"a"})");
    const std::string place = member(ws_.told(), "place");
    client_.put("a", "1").value();
    EXPECT_EQ(shown(ws_.told()), "put a=1");
    WsClient again(gateway_.port());
    again.ask(R"({"id":1,"op":"watch","pattern":"a","after":)" + place + "}");
    EXPECT_EQ(shown(again.told()), "put a=1");
    again.ask(R"({"id":2,"op":"watch","pattern":"a","after":"1-abc"})");
    EXPECT_EQ(shown(again.told()), "live") << "of the first watch";
    EXPECT_EQ(shown(again.told()), "lagged") << "a place of another grid";
}

TEST_F(WebSocketTest, InvalidWatchesAreRefused) {
    EXPECT_EQ(error_of(R"({"id":1,"op":"watch"})"), "bad_request");
    EXPECT_EQ(error_of(R"({"id":1,"op":"watch","pattern":"a//b"})"), "bad_pattern");
    EXPECT_EQ(error_of(R"({"id":1,"op":"watch","pattern":"a","pointer":"x"})"), "bad_pointer");
    EXPECT_EQ(error_of(R"({"id":1,"op":"watch","pattern":"a","changes":false})"), "bad_request");
    EXPECT_EQ(error_of(R"({"id":1,"op":"watch","pattern":"a","initial":true,"from":1})"),
              "bad_request");
    for (int i = 0; i < 256; ++i) {
        EXPECT_EQ(member(ws_.ask(R"({"id":1,"op":"watch","pattern":"a"})"), "ok"), "true");
    }
    EXPECT_EQ(error_of(R"({"id":1,"op":"watch","pattern":"a"})"), "watch_limit");
}

TEST_F(WebSocketTest, ProvidesAndCallsForOthers) {
    const std::string provided = ws_.ask(R"({"id":1,"op":"provide","pattern":"sum/*"})");
    WsClient caller(gateway_.port());
    caller.send(R"({"id":1,"op":"call","name":"sum/x","document":[1,2]})");
    const std::string call = ws_.told();
    EXPECT_EQ(member(call, "provider"), member(provided, "provider"));
    EXPECT_EQ(member(call, "name"), "\"sum/x\"");
    EXPECT_EQ(member(call, "document"), "[1,2]");
    const std::string answer = R"({"id":2,"op":"answer","call":)" + member(call, "call");
    ws_.ask(answer + R"(,"document":3})");
    EXPECT_EQ(member(caller.answer(), "document"), "3");
    EXPECT_EQ(error_of(answer + R"(,"document":3})"), "bad_request") << "it has ended";

    caller.send(R"({"id":2,"op":"call","name":"sum/y","document":0})");
    ws_.ask(R"({"id":3,"op":"answer","call":)" + member(ws_.told(), "call") +
            R"(,"document":"no","failure":true})");
    const std::string failed = caller.answer();
    EXPECT_EQ(member(failed, "document") + member(failed, "failure"), "\"no\"true");

    // A native client is served as well.
    std::thread native(
        [&] { EXPECT_EQ(to_json(client_.call("sum/z", "5").value().document.root()), "6"); });
    ws_.ask(R"({"id":4,"op":"answer","call":)" + member(ws_.told(), "call") + R"(,"document":6})");
    native.join();

    caller.send(R"({"id":3,"op":"call","name":"sum/y","document":0})");
    ws_.ask(R"({"id":5,"op":"answer","call":)" + member(ws_.told(), "call") + R"(,"reject":true})");
    EXPECT_THAT(caller.answer(), HasSubstr("no_provider"));
    ws_.ask(R"({"id":6,"op":"withdraw","provider":)" + member(provided, "provider") + "}");
    EXPECT_THAT(caller.ask(R"({"id":4,"op":"call","name":"sum/y","document":0})"),
                HasSubstr("no_provider"));
}

TEST_F(WebSocketTest, LeavesNoProviderBehind) {
    {
        WsClient other(gateway_.port());
        other.ask(R"({"id":1,"op":"provide","pattern":"gone"})");
    }
    EXPECT_TRUE(eventually([&] { return client_.call("gone", "1").error() == Errc::no_provider; }));
}

TEST_F(WebSocketTest, InvalidMessagesEndTheConnection) {
    const auto code_after = [&](auto&& say) {
        WsClient client(gateway_.port());
        say(client);
        return client.close_code();
    };
    EXPECT_EQ(code_after([](WsClient& client) { client.send("{"); }), 1007U);
    EXPECT_EQ(code_after([](WsClient& client) { client.send("[1]"); }), 1003U);
    EXPECT_EQ(code_after([](WsClient& client) { client.send_binary("{}"); }), 1003U);
    EXPECT_EQ(
        code_after([](WsClient& client) { client.send('"' + std::string(17U << 20, 'x') + '"'); }),
        1009U);
    EXPECT_EQ(ws_.ask(R"({"id":1,"op":"ping"})"), R"({"id":1,"ok":true})") << "others go on";
}

TEST_F(WebSocketTest, EndOfTheGatewayIsAnnounced) {
    gateway_.signal(SIGTERM);
    EXPECT_EQ(ws_.close_code(), 1001U);
    EXPECT_EQ(gateway_.wait(), 0);
}

TEST_F(WebSocketTest, PagesOfOtherOriginsAreRefused) {
    EXPECT_THROW(WsClient(gateway_.port(), "/v1/ws", "https://evil.example"), std::exception);
    const std::string own = "http://127.0.0.1:" + std::to_string(gateway_.port());
    EXPECT_NO_THROW(WsClient(gateway_.port(), "/v1/ws", own));
}

TEST_F(WebSocketTest, NeedsAnUpgrade) {
    const auto response = http_.get("/v1/ws");
    expect_problem(response, 426, "upgrade_required");
    EXPECT_EQ(response.header("Upgrade"), "websocket");
}

}  // namespace
}  // namespace ringside
