#include <fstream>

#include "tests/gateway/watching.hpp"
#include "tests/support/deepstream_client.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/ws_client.hpp"
#include "tools/gateway/access/api_keys.hpp"
#include "tools/gateway/access/rate_limiter.hpp"

/// Streams that are open while rights are withdrawn.
namespace ringside {
namespace {

using testing::DeepstreamClient;
using testing::eventually;
using ::testing::HasSubstr;
using testing::WsClient;

class GatewayRights : public testing::WatchingTest {
protected:
    void configure(const std::string& text) {
        write("gateway.toml", text);
        gateway_.stop();
        gateway_.set_options({"--config", directory_ / "gateway.toml"});
        gateway_.start();
        http_ = testing::HttpClient(gateway_.port());
    }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(directory_ / name, std::ios::trunc) << text;
        std::filesystem::permissions(directory_ / name, std::filesystem::perms::owner_read |
                                                            std::filesystem::perms::owner_write);
    }
    void reconfigure(const std::string& text) {
        write("gateway.toml", text);
        gateway_.signal(SIGHUP);
        ASSERT_TRUE(gateway_.logs("configuration reloaded"));
    }
    static std::string key(const std::string& user) {
        return "[[api_key]]\nuser = \"" + user + "\"\nhash = \"" +
               gateway::api_key_hash(token(user)) + "\"\n";
    }
    static std::string token(const std::string& user) {
        return user + "-key-0123456789abcdefghijklmnop";
    }
    static std::string rule(const std::string& action, const std::string& pattern) {
        return "[[rule]]\nactions = [\"" + action + "\"]\npatterns = [\"" + pattern + "\"]\n";
    }
    [[nodiscard]] WsClient web_socket(const std::string& user) const {
        return WsClient(gateway_.port(), "/v1/ws?access_token=" + token(user));
    }

    testing::TemporaryDirectory directory_;
};

TEST_F(GatewayRights, StreamsEndWhenTheirCredentialsAreWithdrawn) {
    configure(key("a") + key("b"));
    auto stream = watch("pattern=x&access_token=" + token("a"));
    auto other = watch("pattern=x&access_token=" + token("b"));
    stream.settle();
    other.settle();
    auto socket = std::make_unique<WsClient>(gateway_.port(), "/v1/ws?access_token=" + token("a"));
    reconfigure(key("b"));
    const auto last = stream.next();
    ASSERT_TRUE(last);
    EXPECT_EQ(last->type, "error");
    EXPECT_THAT(last->data, HasSubstr("unauthenticated"));
    EXPECT_FALSE(stream.next());
    EXPECT_EQ(socket->close_code(), 1008U);
    client_.put("x", "1").value();
    EXPECT_EQ(next(other), "put x=1") << "others go on";
}

TEST_F(GatewayRights, StreamsEndWhenNothingOfTheirPatternMayBeReadAnyLonger) {
    configure(key("a") + rule("read", "**") + rule("provide", "**"));
    auto stream = watch("pattern=x/*&access_token=" + token("a"));
    stream.settle();
    WsClient watching(gateway_.port(), "/v1/ws?access_token=" + token("a"));
    watching.ask(R"({"id":1,"op":"watch","pattern":"x/*"})");
    WsClient providing(gateway_.port(), "/v1/ws?access_token=" + token("a"));
    providing.ask(R"({"id":1,"op":"provide","pattern":"p"})");
    WsClient idle(gateway_.port(), "/v1/ws?access_token=" + token("a"));
    reconfigure(key("a") + rule("read", "y/*"));
    EXPECT_THAT(stream.next().value().data, HasSubstr("permission_denied"));
    EXPECT_EQ(watching.close_code(), 1008U);
    EXPECT_EQ(providing.close_code(), 1008U);
    EXPECT_TRUE(eventually([&] {
        return idle.ask(R"({"id":1,"op":"get","name":"x/1"})").find("permission_denied") !=
               std::string::npos;
    })) << "requests are decided by the new rules";
}

TEST_F(GatewayRights, BodiesOfStrangersAreRefusedBeforeTheyAreRead) {
    configure(key("a"));
    const std::string head =
        "PUT /v1/records/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n";
    const testing::RawSocket stranger(gateway_.port());
    stranger.send(head + "\r\n");
    const std::string refused = stranger.read_to_end();
    EXPECT_THAT(refused, ::testing::StartsWith("HTTP/1.1 401 "));
    EXPECT_THAT(refused, HasSubstr("WWW-Authenticate: Bearer"));

    const testing::RawSocket chunked(gateway_.port());
    chunked.send(
        "PUT /v1/records/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        "30000\r\n" +
        std::string(0x30000, ' '));
    EXPECT_THAT(chunked.read_to_end(), ::testing::StartsWith("HTTP/1.1 401 "));

    const testing::HttpHeaders known{{"X-API-Key", token("a")}};
    EXPECT_EQ(http_.put("/v1/records/x", '"' + std::string(1 << 20, 'x') + '"', known).status, 201);
}

TEST_F(GatewayRights, StreamsDeliverOnlyWhatTheNewRulesAllow) {
    configure(key("a") + rule("read", "**"));
    auto stream = watch("pattern=x/*&access_token=" + token("a"));
    stream.settle();
    reconfigure(key("a") + rule("read", "x/open"));
    EXPECT_TRUE(eventually([&] {
        client_.put("x/closed", "1").value();
        client_.put("x/open", "1").value();
        if (next(stream) == "put x/open=1") return true;
        EXPECT_EQ(next(stream), "put x/open=1");
        return false;
    }));
    client_.put("x/closed", "2").value();
    client_.put("x/open", "2").value();
    EXPECT_EQ(next(stream), "put x/open=2");
}

TEST_F(GatewayRights, DeepstreamClientsRemovedFromTheUsersFileAreDisconnected) {
    write("users.yml", "alice:\n  password: a\nbob:\n  password: b\n");
    const std::string config =
        "[deepstream]\n[[deepstream.auth]]\ntype = \"file\"\npath = \"users.yml\"\n";
    configure(config);
    const auto log_in = [](DeepstreamClient& client, const std::string& user) {
        using namespace gateway::deepstream;
        client.send(message_of<wire::ConnectionMessage>(ConnectionAction::challenge));
        static_cast<void>(client.receive<wire::ConnectionMessage>());
        auto request = message_of<wire::AuthMessage>(AuthAction::request);
        request.set_data(R"({"username":")" + user + R"(","password":")" + user.substr(0, 1) +
                         R"("})");
        client.send(request);
        EXPECT_EQ(client.receive<wire::AuthMessage>().action(),
                  static_cast<std::int32_t>(AuthAction::successful));
    };
    DeepstreamClient alice(gateway_.port());
    DeepstreamClient bob(gateway_.port());
    log_in(alice, "alice");
    log_in(bob, "bob");
    write("users.yml", "bob:\n  password: b\n");
    reconfigure(config);
    EXPECT_EQ(alice.close_code(), 1008U);
    using namespace gateway::deepstream;
    bob.send(message_of<wire::ConnectionMessage>(ConnectionAction::ping));
    EXPECT_EQ(bob.receive<wire::ConnectionMessage>().action(),
              static_cast<std::int32_t>(ConnectionAction::pong));
}

TEST(RateLimiter, KeepsWhatWasUsedWhenLimitsAreReadAgain) {
    using gateway::RateLimit;
    const auto now = std::chrono::steady_clock::time_point(std::chrono::hours(1));
    gateway::RateLimiter limiter({RateLimit{.users = {}, .requests_per_second = 1, .burst = 3}});
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(limiter.take("a", "a", now));
    EXPECT_TRUE(limiter.take("a", "a", now));
    limiter.set_limits({RateLimit{.users = {}, .requests_per_second = 1, .burst = 3}});
    EXPECT_TRUE(limiter.take("a", "a", now)) << "the bucket is as empty as before";
    EXPECT_FALSE(limiter.take("a", "a", now + std::chrono::seconds(2)));
    limiter.set_limits({RateLimit{.users = {}, .requests_per_second = 1, .burst = 10}});
    EXPECT_FALSE(limiter.take("b", "b", now));
    limiter.set_limits({});
    EXPECT_FALSE(limiter.take("a", "a", now));
    EXPECT_EQ(limiter.size(), 0U);
}

}  // namespace
}  // namespace ringside
