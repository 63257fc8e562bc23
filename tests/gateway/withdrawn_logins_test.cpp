#include <boost/asio/io_context.hpp>
#include <csignal>
#include <fstream>
#include <memory>
#include <thread>

#include "tests/gateway/signing_key.hpp"
#include "tests/gateway/watching.hpp"
#include "tests/gateway/webhook_server.hpp"
#include "tests/support/deepstream_client.hpp"
#include "tests/support/growing_time.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/ws_client.hpp"
#include "tools/gateway/access/api_keys.hpp"

/// Withdraws each kind of login while sessions that used it are open.
namespace ringside {
namespace {

namespace deepstream = gateway::deepstream;
using ::testing::AllOf;
using testing::DeepstreamClient;
using testing::eventually;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::WsClient;

constexpr unsigned policy_error = 1008;

class WithdrawnLogins : public testing::WatchingTest {
protected:
    void configure(const std::string& text) {
        write("gateway.toml", text);
        gateway_.stop();
        gateway_.set_options({"--config", directory_ / "gateway.toml"});
        gateway_.start();
        http_ = testing::HttpClient(gateway_.port());
    }
    void reconfigure(const std::string& text) {
        write("gateway.toml", text);
        reload();
    }
    void reload() {
        const auto reloads = [this] {
            std::size_t count = 0;
            const std::string log = gateway_.log();
            for (std::size_t at = log.find("configuration reloaded"); at != std::string::npos;
                 at = log.find("configuration reloaded", at + 1)) {
                ++count;
            }
            return count;
        };
        const std::size_t before = reloads();
        gateway_.signal(SIGHUP);
        ASSERT_TRUE(eventually([&] { return reloads() > before; })) << gateway_.log();
    }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(directory_ / name, std::ios::trunc) << text;
        std::filesystem::permissions(directory_ / name, std::filesystem::perms::owner_read |
                                                            std::filesystem::perms::owner_write);
    }
    static std::string key_text(const std::string& user) {
        return user + "-key-0123456789abcdefghijklmnop";
    }
    static std::string key(const std::string& user) {
        return "[[api_key]]\nuser = \"" + user + "\"\nhash = \"" +
               gateway::api_key_hash(key_text(user)) + "\"\n";
    }
    /// Returns a client that has logged in with `data`, a JSON text.
    [[nodiscard]] std::unique_ptr<DeepstreamClient> log_in(const std::string& data) const {
        auto client = std::make_unique<DeepstreamClient>(gateway_.port());
        client->send(deepstream::message_of<deepstream::wire::ConnectionMessage>(
            deepstream::ConnectionAction::challenge));
        static_cast<void>(client->receive<deepstream::wire::ConnectionMessage>());
        auto request =
            deepstream::message_of<deepstream::wire::AuthMessage>(deepstream::AuthAction::request);
        request.set_data(data);
        client->send(request);
        if (client->receive<deepstream::wire::AuthMessage>().action() !=
            static_cast<std::int32_t>(deepstream::AuthAction::successful)) {
            throw std::runtime_error("not logged in");
        }
        return client;
    }
    static bool is_open(DeepstreamClient& client) {
        client.send(deepstream::message_of<deepstream::wire::ConnectionMessage>(
            deepstream::ConnectionAction::ping));
        return client.receive<deepstream::wire::ConnectionMessage>().action() ==
               static_cast<std::int32_t>(deepstream::ConnectionAction::pong);
    }

    testing::TemporaryDirectory directory_;
};

TEST_F(WithdrawnLogins, StreamsAndSessionsEndWhenTheirTokenExpires) {
    const std::string secret = "0123456789abcdef0123456789abcdef";
    write("secret", secret);
    configure(
        "[jwt]\nalgorithms = [\"HS256\"]\nsecret_file = \"secret\"\nleeway_s = 0\n"
        "[deepstream]\n[[deepstream.auth]]\ntype = \"token\"\n");
    const auto signing = testing::SigningKey::secret(secret);
    const auto attempt = [&](std::chrono::milliseconds limit) {
        const auto expiry = std::chrono::ceil<std::chrono::seconds>(
            std::chrono::system_clock::now().time_since_epoch() + limit);
        const std::string token =
            signing.sign(R"({"alg":"HS256","typ":"JWT"})",
                         R"({"sub":"ann","exp":)" + std::to_string(expiry.count()) + "}");
        std::optional<testing::SseClient> stream;
        std::unique_ptr<WsClient> socket;
        std::unique_ptr<DeepstreamClient> session;
        try {
            stream.emplace(watch("pattern=x&access_token=" + token));
            stream->settle();
            socket = std::make_unique<WsClient>(gateway_.port(), "/v1/ws?access_token=" + token);
            session = log_in(R"({"token":")" + token + R"("})");
        } catch (const std::exception&) {
            return false;  // it has expired too early
        }
        const auto last = stream->next();
        EXPECT_THAT(last ? last->type + " " + last->data : "the end",
                    AllOf(StartsWith("error "), HasSubstr("unauthenticated")));
        EXPECT_FALSE(stream->next());
        EXPECT_EQ(socket->close_code(), policy_error);
        EXPECT_EQ(session->close_code(), policy_error);
        return true;
    };
    EXPECT_TRUE(testing::with_growing_limit(attempt));
}

TEST_F(WithdrawnLogins, StreamsAndSessionsEndWhenTheKeyOfTheirTokenIsReplaced) {
    const std::string secret = "0123456789abcdef0123456789abcdef";
    write("secret", secret);
    const std::string config =
        "[jwt]\nalgorithms = [\"HS256\"]\nsecret_file = \"secret\"\n"
        "[deepstream]\n[[deepstream.auth]]\ntype = \"token\"\n";
    configure(config);
    const std::string token = testing::SigningKey::secret(secret).sign(
        R"({"alg":"HS256","typ":"JWT"})", R"({"sub":"ann","exp":4000000000})");
    auto stream = watch("pattern=x&access_token=" + token);
    stream.settle();
    WsClient socket(gateway_.port(), "/v1/ws?access_token=" + token);
    const auto session = log_in(R"({"token":")" + token + R"("})");
    write("secret", "another secret of at least 32 bytes");
    reload();
    EXPECT_THAT(stream.next().value().data, HasSubstr("unauthenticated"));
    EXPECT_EQ(socket.close_code(), policy_error);
    EXPECT_EQ(session->close_code(), policy_error);
}

TEST_F(WithdrawnLogins, SessionsOfARemovedApiKeyEnd) {
    const std::string method = "[deepstream]\n[[deepstream.auth]]\ntype = \"token\"\n";
    configure(key("a") + key("b") + method);
    const auto ended = log_in(R"({"token":")" + key_text("a") + R"("})");
    const auto kept = log_in(R"({"token":")" + key_text("b") + R"("})");
    reconfigure(key("b") + method);
    EXPECT_EQ(ended->close_code(), policy_error);
    EXPECT_TRUE(is_open(*kept));
}

TEST_F(WithdrawnLogins, AnonymousStreamsEndWhenAnonymousRequestsAreNoLongerAllowed) {
    const std::string rules = key("a") + "[[rule]]\nactions = [\"read\"]\npatterns = [\"**\"]\n";
    configure(rules + "[access]\nallow_anonymous = true\n");
    auto stream = watch("pattern=x");
    stream.settle();
    WsClient socket(gateway_.port());
    reconfigure(rules);
    EXPECT_THAT(stream.next().value().data, HasSubstr("unauthenticated"));
    EXPECT_EQ(socket.close_code(), policy_error);
}

TEST_F(WithdrawnLogins, SessionsEndWhenTheirUserHasAnotherPassword) {
    const std::string config =
        "[deepstream]\n[[deepstream.auth]]\ntype = \"file\"\npath = \"users.yml\"\n";
    write("users.yml", "ann:\n  password: old\nbob:\n  password: same\n");
    configure(config);
    const auto ended = log_in(R"({"username":"ann","password":"old"})");
    const auto kept = log_in(R"({"username":"bob","password":"same"})");
    write("users.yml", "ann:\n  password: new\nbob:\n  password: same\n");
    reload();
    EXPECT_EQ(ended->close_code(), policy_error);
    EXPECT_TRUE(is_open(*kept));
}

TEST_F(WithdrawnLogins, SessionsEndWhenTheirMethodIsRemoved) {
    write("users.yml", "ann:\n  password: a\n");
    // With the key, users are known before and after.
    configure(key("a") + "[deepstream]\n[[deepstream.auth]]\ntype = \"open\"\n");
    const auto session = log_in(R"({"username":"ann"})");
    reconfigure(key("a") +
                "[deepstream]\n[[deepstream.auth]]\ntype = \"file\"\npath = \"users.yml\"\n");
    EXPECT_EQ(session->close_code(), policy_error);
}

TEST_F(WithdrawnLogins, SessionsThatFollowPresenceEndWithThatPermission) {
    const auto rules = [](const std::string& actions) {
        return key("a") + "[[rule]]\nactions = [" + actions +
               "]\npatterns = [\"**\"]\n[deepstream]\n[[deepstream.auth]]\ntype = \"open\"\n";
    };
    configure(rules(R"("read", "presence")"));
    const auto of_one = log_in(R"({"username":"ann"})");
    auto subscribe = deepstream::presence_message(deepstream::PresenceAction::subscribe);
    subscribe.add_names("bob");
    subscribe.set_correlation_id("1");
    of_one->send(subscribe);
    EXPECT_TRUE(of_one->receive<deepstream::wire::PresenceMessage>().is_ack());
    const auto of_all = log_in(R"({"username":"eve"})");
    of_all->send(deepstream::presence_message(deepstream::PresenceAction::subscribe_all));
    EXPECT_TRUE(of_all->receive<deepstream::wire::PresenceMessage>().is_ack());
    const auto none = log_in(R"({"username":"dan"})");
    reconfigure(rules(R"("read")"));
    EXPECT_EQ(of_one->close_code(), policy_error);
    EXPECT_EQ(of_all->close_code(), policy_error);
    EXPECT_TRUE(is_open(*none));
}

TEST_F(WithdrawnLogins, MessagesOfTheHttpApiAreDeniedAfterTheirUserIsRemoved) {
    const std::string config =
        "[deepstream]\nhttp_request_timeout_ms = 1800000\nrpc_ack_timeout_ms = 1800000\n"
        "rpc_response_timeout_ms = 1800000\n"
        "[[deepstream.auth]]\ntype = \"file\"\npath = \"users.yml\"\n";
    write("users.yml", "ann:\n  password: a\nbob:\n  password: b\n");
    configure(config);
    auto provider = client_.provide("slow").value();
    http_.begin("POST", "/api", {{"Content-Type", "application/json"}},
                R"({"authData":{"username":"ann","password":"a"},"body":[)"
                R"({"topic":"rpc","action":"make","rpcName":"slow","data":1},)"
                R"({"topic":"record","action":"write","recordName":"x","data":{"n":1}}]})");
    auto call = provider.next(testing::soon).value();
    write("users.yml", "bob:\n  password: b\n");
    reload();
    call.answer("2").value();
    const auto answered = http_.read();
    EXPECT_THAT(answered.body, HasSubstr(R"("result":"PARTIAL_SUCCESS")"));
    EXPECT_THAT(answered.body, HasSubstr("Message denied."));
    EXPECT_EQ(client_.get("x").error(), Errc::not_found);
}

/// Users log in through a service of the test, whose answers are given in order; the last one is
/// repeated.
class WithdrawnByWebhook : public WithdrawnLogins {
protected:
    ~WithdrawnByWebhook() override {
        loop_.stop();
        if (serving_.joinable()) serving_.join();
    }
    void serve(const std::vector<std::pair<int, std::string>>& answers,
               const std::string& more = "") {
        for (const auto& [status, body] : answers) {
            server_.answer(status, "application/json", body);
        }
        serving_ = std::thread([this] { loop_.run(); });
        configure(config(more));
    }
    [[nodiscard]] std::string config(const std::string& more = "") const {
        return "[deepstream]\n[[deepstream.auth]]\ntype = \"http\"\nendpoint_url = \"" +
               server_.url("127.0.0.1", "/login") + "\"\nrequest_timeout_ms = 60000\n" + more;
    }

    boost::asio::io_context loop_{1};
    testing::WebhookServer server_{loop_};
    std::thread serving_;
};

TEST_F(WithdrawnByWebhook, SessionsEndWhenTheServiceRefusesThemAfterAReload) {
    serve({{200, R"({"id":"ann"})"}, {403, "{}"}});
    const auto session = log_in("{}");
    EXPECT_TRUE(is_open(*session));
    reload();
    EXPECT_EQ(session->close_code(), policy_error);
}

TEST_F(WithdrawnByWebhook, SessionsEndWhenTheServiceNamesAnotherUser) {
    serve({{200, R"({"id":"ann"})"}, {200, R"({"id":"bob"})"}});
    const auto session = log_in("{}");
    reload();
    EXPECT_EQ(session->close_code(), policy_error);
}

TEST_F(WithdrawnByWebhook, SessionsEndWhenTheServiceRefusesThemAtTheInterval) {
    serve({{200, R"({"id":"ann"})"}, {200, R"({"id":"ann"})"}, {403, "{}"}},
          "recheck_interval_ms = 1000\n");
    const auto session = log_in("{}");
    EXPECT_EQ(session->close_code(), policy_error);
}

TEST_F(WithdrawnByWebhook, SessionsContinueUntilTheServiceDecides) {
    serve({{200, R"({"id":"ann"})"}, {503, "{}"}, {403, "{}"}});
    const auto session = log_in("{}");
    reload();
    ASSERT_TRUE(gateway_.logs("answered with status 503"));
    EXPECT_TRUE(is_open(*session));
    reload();
    EXPECT_EQ(session->close_code(), policy_error);
}

TEST_F(WithdrawnByWebhook, SessionsEndWhenNewDataOfTheServicePermitsLess) {
    const std::string rule = "[[rule]]\nactions = [\"read\"]\npatterns = [\"{claim.team}/**\"]\n";
    serve({{200, R"({"id":"ann","serverData":{"team":"red"}})"},
           {200, R"({"id":"ann","serverData":{"team":"blue"}})"}},
          rule);
    const auto session = log_in("{}");
    client_.put("red/1", "{}").value();
    auto subscribe = deepstream::record_message(deepstream::RecordAction::subscribe_and_read);
    subscribe.add_names("red/1");
    subscribe.set_correlation_id("1");
    session->send(subscribe);
    static_cast<void>(session->receive<deepstream::wire::RecordMessage>());
    reload();
    EXPECT_EQ(session->close_code(), policy_error);
}

}  // namespace
}  // namespace ringside
