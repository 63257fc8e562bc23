#include <boost/asio/ip/tcp.hpp>

#include "tests/gateway/certificates.hpp"
#include "tests/gateway/deepstream_login.hpp"
#include "tests/gateway/webhook_server.hpp"
#include "tests/support/growing_time.hpp"
#include "tools/gateway/deepstream/login/login_limits.hpp"

namespace ringside {
namespace {

namespace login_limits = gateway::deepstream::login_limits;
using testing::Certificate;
using testing::WebhookServer;

constexpr const char* json = "application/json; charset=utf-8";
constexpr const char* exceeded = R"({"error":"AUTH_RETRY_ATTEMPTS_EXCEEDED"})";
/// A method after the webhook that accepts every client.
constexpr const char* then_open = "[[deepstream.auth]]\ntype = \"open\"\n";

class DeepstreamWebhook : public testing::DeepstreamLoginTest {
protected:
    [[nodiscard]] std::string method(const std::string& more = "") const {
        return method_at(server_.url("127.0.0.1", "/login?a=b"), more);
    }
    /// The time for an answer is never reached unless `more` sets it.
    [[nodiscard]] static std::string method_at(const std::string& url, const std::string& more) {
        const bool has_time = more.find("request_timeout_ms") != std::string::npos;
        return "[[deepstream.auth]]\ntype = \"http\"\nendpoint_url = \"" + url + "\"\n" + more +
               (has_time ? "" : "request_timeout_ms = 60000\n");
    }
    [[nodiscard]] static std::string request_time(std::chrono::milliseconds limit) {
        return "request_timeout_ms = " + std::to_string(limit.count()) + "\n";
    }

    WebhookServer server_{loop_};
};

TEST_F(DeepstreamWebhook, RequestContainsConnectionAndAuthData) {
    configure(method());
    server_.answer(200, json, R"({"id":"anna"})");
    const Login login = log_in(LoginRequest{.auth_data = R"({ "b" : 1.50, "a":"ü" })",
                                            .headers = {{"Referer", "https://a/"},
                                                        {"Cookie", "x=\"\xE9\""},
                                                        {"X-A", "1"},
                                                        {"x-a", "2"}},
                                            .remote_address = "192.0.2.1"});
    EXPECT_EQ(login.id, "anna");
    ASSERT_EQ(server_.requests().size(), 1U);
    const auto& request = server_.requests().front();
    EXPECT_EQ(request.method_string(), "POST");
    EXPECT_EQ(request.target(), "/login?a=b");
    EXPECT_EQ("http://" + std::string(request["Host"]) + "/login?a=b",
              server_.url("127.0.0.1", "/login?a=b"));
    EXPECT_EQ(request["Content-Type"], json);
    EXPECT_EQ(request.body(),
              R"({"connectionData":{"remoteAddress":"192.0.2.1","referer":"https://a/",)"
              R"("headers":{"cookie":"x=\"é\"","referer":"https://a/","x-a":"1, 2"}},)"
              R"("authData":{ "b" : 1.50, "a":"ü" }})");
}

TEST_F(DeepstreamWebhook, RequestContainsTheUrlOfTheHttpApi) {
    configure(method());
    server_.answer(200, json, "{}");
    log_in(LoginRequest{.auth_data = "{}", .url = "/api/auth"});
    ASSERT_EQ(server_.requests().size(), 1U);
    EXPECT_EQ(
        server_.requests().front().body(),
        R"({"connectionData":{"remoteAddress":"","url":"/api/auth","headers":{}},"authData":{}})");
}

TEST_F(DeepstreamWebhook, AnObjectSaysAllOfALogin) {
    configure(method());
    server_.answer(200, json,
                   R"({"id":"anna","clientData":{"a":[1]},"serverData":"s","token":"t","x":1})");
    const Login login = log_in("{}");
    EXPECT_TRUE(login.is_valid);
    EXPECT_EQ(login.id, "anna");
    EXPECT_TRUE(login.is_known());
    EXPECT_EQ(login.client_data, R"({"a":[1]})");
    EXPECT_EQ(login.server_data, R"("s")");
    EXPECT_EQ(login.token, "t");
}

TEST_F(DeepstreamWebhook, ATextIsTheId) {
    struct Case {
        const char* type;
        const char* body;
        const char* id;
    };
    const Case cases[] = {{"text/plain", "anna", "anna"},
                          {"TEXT/html; charset=utf-8", "anna", "anna"},
                          {json, "\"anna\"", "anna"},
                          {"text/javascript", R"({"id":"anna"})", "anna"},
                          {json, R"({"id":42})", "42"},
                          // No user name.
                          {json, R"({"id":null})", "OPEN"},
                          {json, R"({"id":""})", "OPEN"},
                          {json, "{}", "OPEN"},
                          {json, "null", "OPEN"},
                          {json, "", "OPEN"},
                          {"text/plain", "", "OPEN"},
                          {"", "anna", "OPEN"},
                          {"application/octet-stream", "anna", "OPEN"}};
    configure(method());
    for (const Case& each : cases) {
        SCOPED_TRACE(std::string(each.type) + " " + each.body);
        server_.answer(200, each.type, each.body);
    }
    for (const Case& each : cases) {
        SCOPED_TRACE(std::string(each.type) + " " + each.body);
        const Login login = log_in("{}");
        EXPECT_TRUE(login.is_valid);
        EXPECT_EQ(login.id, each.id);
        EXPECT_EQ(login.is_known(), std::string(each.id) != "OPEN");
    }
}

TEST_F(DeepstreamWebhook, RefusedUserGetsTheServersError) {
    struct Case {
        const char* type;
        const char* body;
        std::optional<std::string> client_data;
    };
    const Case cases[] = {{"text/plain", "no \"entry\"", R"({"error":"no \"entry\""})"},
                          {json, "\"no\"", R"({"error":"no"})"},
                          {json, R"({"clientData":{"error":"x"}})", R"({"error":"x"})"},
                          // `isValid` is true, but the status refuses.
                          {json, R"({"isValid":true,"id":"anna"})", std::nullopt},
                          {json, "", std::nullopt},
                          {"", "no", std::nullopt}};
    configure(method("permitted_status_codes = [201]\n"));
    for (const Case& each : cases) server_.answer(200, each.type, each.body);
    for (const Case& each : cases) {
        SCOPED_TRACE(each.body);
        const Login login = log_in("{}");
        EXPECT_FALSE(login.is_valid);
        EXPECT_EQ(login.id, "");
        EXPECT_EQ(login.client_data, each.client_data);
    }
}

TEST_F(DeepstreamWebhook, ObjectMayRefuseDespiteItsStatus) {
    configure(method() + then_open);
    server_.answer(200, json, R"({"isValid":false,"id":"anna","clientData":"no"})");
    const Login login = log_in("{}");
    EXPECT_FALSE(login.is_valid);
    EXPECT_EQ(login.client_data, "\"no\"");
}

TEST_F(DeepstreamWebhook, RefusedUserGoesToTheNextMethod) {
    configure(method() + then_open);
    server_.answer(403, "text/plain", "no");
    EXPECT_EQ(log_in("{}").id, "open");
    configure(method("report_invalid_parameters = true\n") + then_open);
    const Login login = log_in("{}");
    EXPECT_FALSE(login.is_valid);
    EXPECT_EQ(login.client_data, R"({"error":"no"})");
}

TEST_F(DeepstreamWebhook, RedirectionsAreNotFollowed) {
    configure(method());
    server_.answer("HTTP/1.1 302 X\r\nLocation: " + server_.url("127.0.0.1", "/other") +
                   "\r\nContent-Length: 0\r\n\r\n");
    server_.answer(200, json, "\"anna\"");
    EXPECT_FALSE(log_in("{}").is_valid);
    EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(DeepstreamWebhook, InvalidResponseRefusesTheLogin) {
    const std::string malformed[] = {"{",
                                     R"({"id":"a"} x)",
                                     "[]",
                                     "1",
                                     "true",
                                     R"({"id":["a"]})",
                                     R"({"id":true})",
                                     R"({"id":1.5})",
                                     R"({"id":"a","id":"b"})",
                                     R"({"id":"a","isValid":"yes"})",
                                     R"({"id":"a","token":5})",
                                     "{\"id\":\"\xFF\"}",
                                     R"({"id":")" + std::string(128, 'a') + "\"}"};
    configure(method() + then_open);
    for (const std::string& body : malformed) server_.answer(200, json, body);
    for (const std::string& body : malformed) {
        const Login login = log_in("{}");
        EXPECT_FALSE(login.is_valid) << body;
        EXPECT_EQ(login.client_data, std::nullopt) << body;
    }
    EXPECT_EQ(server_.requests().size(), std::size(malformed));
}

TEST_F(DeepstreamWebhook, ResponseThatIsNotUtf8RefusesTheLogin) {
    configure(method() + then_open);
    server_.answer(200, "text/plain", "ann\xFF");
    EXPECT_FALSE(log_in("{}").is_valid);
}

TEST_F(DeepstreamWebhook, ResponseThatIsNotHttpRefusesTheLogin) {
    const std::string bytes[] = {
        "",
        "hello\r\n\r\n",
        "HTTP/1.1 2",
        "HTTP/1.1 abc X\r\n\r\n",
        "HTTP/1.1 200 X\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nanna",
        "HTTP/1.1 200 X\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 X\r\nA: " + std::string(login_limits::answer_header_bytes_max, 'a') +
            "\r\n\r\n"};
    configure(method("retry_attempts = 0\n") + then_open);
    for (const std::string& each : bytes) server_.answer(each);
    for (const std::string& each : bytes) {
        EXPECT_FALSE(log_in("{}").is_valid) << each;
    }
    EXPECT_EQ(server_.requests().size(), std::size(bytes));
}

TEST_F(DeepstreamWebhook, AnswersAreLimited) {
    configure(method());
    const auto body = [](std::size_t bytes) {
        const std::string begins = R"({"id":"anna","serverData":")";
        return begins + std::string(bytes - begins.size() - 2, 'x') + "\"}";
    };
    server_.answer(200, json, body(login_limits::answer_bytes_max));
    server_.answer(200, json, body(login_limits::answer_bytes_max + 1));
    // Without a length, which would be refused immediately.
    server_.answer("HTTP/1.1 200 X\r\nContent-Type: application/json\r\n\r\n" +
                   body(login_limits::answer_bytes_max + 1));
    EXPECT_TRUE(log_in("{}").is_valid);
    for (int i = 0; i < 2; ++i) {
        const Login login = log_in("{}");
        EXPECT_FALSE(login.is_valid);
        EXPECT_EQ(login.client_data, exceeded);
    }
}

TEST_F(DeepstreamWebhook, AnAnswerMayEndWithTheConnection) {
    configure(method());
    server_.answer("HTTP/1.0 200 X\r\nContent-Type: text/plain\r\n\r\nanna");
    EXPECT_EQ(log_in("{}").id, "anna");
}

TEST_F(DeepstreamWebhook, SilentServerTimesOut) {
    server_.hang();
    EXPECT_TRUE(testing::with_growing_limit([&](std::chrono::milliseconds limit) {
        configure(method(request_time(limit)));
        const Login login = log_in("{}");
        EXPECT_FALSE(login.is_valid);
        EXPECT_EQ(login.client_data, exceeded);
        return !server_.requests().empty();
    }));
    run_until([&] { return server_.ended() == server_.begun(); });  // the connections are closed
}

TEST_F(DeepstreamWebhook, DeadlineCoversTheWholeAnswer) {
    server_.answer("HTTP/1.1 200 X\r\nContent-Type: text/plain\r\n\r\n");
    server_.drip();
    EXPECT_TRUE(testing::with_growing_limit([&](std::chrono::milliseconds limit) {
        configure(method(request_time(limit)) + then_open);
        const Login login = log_in("{}");
        EXPECT_FALSE(login.is_valid);
        EXPECT_EQ(login.client_data, std::nullopt);
        return server_.dripped() > 0;
    }));
    run_until([&] { return server_.ended() == server_.begun(); });
}

TEST_F(DeepstreamWebhook, MissingServerRefusesTheLogin) {
    configure(method() + then_open);
    server_.stop();
    EXPECT_FALSE(log_in("{}").is_valid);
    EXPECT_EQ(server_.requests().size(), 0U);
}

TEST_F(DeepstreamWebhook, UnknownHostRefusesTheLogin) {
    configure(method_at("http://nobody.invalid/", "request_timeout_ms = 10000\n") + then_open);
    EXPECT_FALSE(log_in("{}").is_valid);
}

TEST_F(DeepstreamWebhook, FailureOfTheServerRefusesTheLogin) {
    configure(method() + then_open);
    server_.answer(503, "text/plain", "busy");
    const Login login = log_in("{}");
    EXPECT_FALSE(login.is_valid);
    EXPECT_EQ(login.client_data, std::nullopt);
}

TEST_F(DeepstreamWebhook, RequestIsRetriedAsConfigured) {
    const std::string retry = "retry_status_codes = [404, 503]\nretry_interval_ms = 1\n";
    configure(method(retry + "retry_attempts = 2\n"));
    server_.answer(503, "", "");
    server_.answer("");  // closed without an answer
    server_.answer(200, "text/plain", "anna");
    EXPECT_EQ(log_in("{}").id, "anna");
    ASSERT_EQ(server_.requests().size(), 3U);
    EXPECT_EQ(server_.requests().front().body(), server_.requests().back().body());
}

TEST_F(DeepstreamWebhook, RequestIsNotRetriedMoreOften) {
    const std::string retry = "retry_status_codes = [404, 503]\nretry_interval_ms = 1\n";
    configure(method(retry + "retry_attempts = 2\n"));
    server_.answer(404, "text/plain", "busy");
    const Login login = log_in("{}");
    EXPECT_FALSE(login.is_valid);
    EXPECT_EQ(login.client_data, exceeded);
    EXPECT_EQ(server_.requests().size(), 3U);
}

TEST_F(DeepstreamWebhook, DataArePromotedToHeaders) {
    configure(method("promote_to_header = [\"token\", \"Authorization\", \"n\", \"none\"]\n"));
    server_.answer(200, json, "{}");
    EXPECT_TRUE(log_in(R"({"token":"t 1","Authorization":"Bearer x","n":7,"none":""})").is_valid);
    ASSERT_EQ(server_.requests().size(), 1U);
    const auto& request = server_.requests().front();
    EXPECT_EQ(request["token"], "t 1");
    EXPECT_EQ(request["Authorization"], "Bearer x");
    EXPECT_EQ(request["n"], "7");
    EXPECT_EQ(request.count("none"), 0U);
}

TEST_F(DeepstreamWebhook, InvalidHeaderIsNotSent) {
    configure(method("promote_to_header = [\"token\"]\n") + then_open);
    server_.answer(200, json, "{}");
    for (const char* data : {R"({"token":"a\r\nX-Admin: 1"})", R"({"token":"a\u0000"})",
                             R"({"token":"\u007f"})", R"({"token":["a"]})", R"({"token":{}})"}) {
        EXPECT_FALSE(log_in(data).is_valid) << data;
    }
    EXPECT_EQ(server_.requests().size(), 0U);
}

TEST_F(DeepstreamWebhook, RequestsUnderWayAreLimited) {
    configure(method("request_timeout_ms = 60000\n"));
    server_.answer(200, "text/plain", "anna");
    std::vector<std::shared_ptr<std::optional<Login>>> outcomes;
    for (std::size_t i = 0; i <= login_limits::webhooks_max; ++i) {
        outcomes.push_back(begin({.auth_data = "{}"}));
    }
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        run_until([&] { return outcomes[i]->has_value(); });
        EXPECT_EQ((*outcomes[i])->is_valid, i < login_limits::webhooks_max) << i;
    }
    EXPECT_TRUE(log_in("{}").is_valid);
}

TEST_F(DeepstreamWebhook, ALoginUnderWayOutlivesItsConfiguration) {
    configure(method("request_timeout_ms = 60000\n"));
    server_.answer(200, "text/plain", "anna");
    const auto outcome = begin({.auth_data = "{}"});
    logins_.reset();
    run_until([&] { return outcome->has_value(); });
    EXPECT_EQ((*outcome)->id, "anna");
}

TEST_F(DeepstreamWebhook, InvalidConfigurationIsRefused) {
    const auto at = [](int line) { return "gateway.toml:" + std::to_string(line) + ": "; };
    const auto bad_url = [&](const std::string& url, const std::string& why) {
        expect_bad(method_at(url, ""), at(3), why);
    };
    expect_bad("[[deepstream.auth]]\ntype = \"http\"\n", at(1), "set endpoint_url");
    bad_url("ftp://a/", "not an http or https URL");
    bad_url("a", "not an http or https URL");
    bad_url("http://", "has no host");
    bad_url("http://u:p@a/", "user or password");
    bad_url("http://a/#b", "'#'");
    bad_url("http://a:0/", "port");
    bad_url("http://a:99999/", "port");
    expect_bad(method("ca = \"ca.pem\"\n"), at(3), "needs an https URL");
    expect_bad(method_at("https://a/", "ca = \"none.pem\"\n"), at(3), "none.pem");
    expect_bad(method("permitted_status_codes = []\n"), at(4), "permits no client");
    expect_bad(method("permitted_status_codes = 200\n"), at(4), "list of status codes");
    expect_bad(method("permitted_status_codes = [99]\n"), at(4), "100 to 599");
    expect_bad(method("retry_status_codes = [\"a\"]\n"), at(4), "100 to 599");
    std::string codes = "retry_status_codes = [404";
    for (std::size_t i = 0; i < login_limits::status_codes_max; ++i) codes += ", 404";
    expect_bad(method(codes + "]\n"), at(4), "at most 64");
    expect_bad(method("request_timeout_ms = 0\n"), at(4), "1 to 60000");
    expect_bad(method("request_timeout_ms = 60001\n"), at(4), "1 to 60000");
    expect_bad(method("retry_attempts = -1\n"), at(4), "0 to 100");
    expect_bad(method("retry_attempts = 101\n"), at(4), "0 to 100");
    expect_bad(method("retry_interval_ms = 60001\n"), at(4), "0 to 60000");
    for (const char* name : {"Host", "content-length", "a b", "", "a\\r\\nb", "Connection"}) {
        expect_bad(method("promote_to_header = [\"" + std::string(name) + "\"]\n"), at(4),
                   "is not a header that clients can set");
    }
    std::string names = "promote_to_header = [\"a\"";
    for (std::size_t i = 0; i < login_limits::promoted_headers_max; ++i) names += ", \"a\"";
    expect_bad(method(names + "]\n"), at(4), "more than 32");
}

/// A webhook with a certificate for localhost.
class DeepstreamWebhookTls : public DeepstreamWebhook {
protected:
    void SetUp() override {
        const auto authority = Certificate::authority("Test authority");
        authority.write(path("ca.pem"), path("ca.key"));
        authority.sign("localhost").write(path("server.pem"), path("server.key"));
        Certificate::authority("Other authority").write(path("other.pem"), path("other.key"));
        auto tls = std::make_shared<gateway::ssl::context>(gateway::ssl::context::tls_server);
        tls->use_certificate_chain_file(path("server.pem"));
        tls->use_private_key_file(path("server.key"), gateway::ssl::context::pem);
        secure_ = std::make_unique<WebhookServer>(loop_, tls);
        secure_->answer(200, "text/plain", "anna");
    }
    [[nodiscard]] std::string secure_method(const std::string& host, const std::string& ca) const {
        return method_at(secure_->url(host, "/"), ca) + then_open;
    }

    std::unique_ptr<WebhookServer> secure_;
};

TEST_F(DeepstreamWebhookTls, RequestUsesTls) {
    configure(secure_method("localhost", "ca = \"ca.pem\"\n"));
    EXPECT_EQ(log_in("{}").id, "anna");
    EXPECT_EQ(secure_->requests().size(), 1U);
}

TEST_F(DeepstreamWebhookTls, CertificateOfAnotherHostRefusesTheLogin) {
    configure(secure_method("127.0.0.1", "ca = \"ca.pem\"\n"));
    EXPECT_FALSE(log_in("{}").is_valid);
    EXPECT_EQ(secure_->requests().size(), 0U);
}

TEST_F(DeepstreamWebhookTls, CertificateOfAnUnknownAuthorityRefusesTheLogin) {
    configure(secure_method("localhost", "ca = \"other.pem\"\n"));
    EXPECT_FALSE(log_in("{}").is_valid);
    configure(secure_method("localhost", ""));
    EXPECT_FALSE(log_in("{}").is_valid);
    EXPECT_EQ(secure_->requests().size(), 0U);
}

TEST_F(DeepstreamWebhookTls, ServerWithoutTlsRefusesTheLogin) {
    const std::string clear = server_.url("localhost", "/");
    server_.answer(200, "text/plain", "anna");
    configure(method_at("https" + clear.substr(4), "ca = \"ca.pem\"\n") + then_open);
    EXPECT_FALSE(log_in("{}").is_valid);
}

}  // namespace
}  // namespace ringside
