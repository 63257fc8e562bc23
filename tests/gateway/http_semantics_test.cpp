#include "tests/gateway/configured_gateway.hpp"
#include "tests/support/ws_client.hpp"

namespace ringside {
namespace {

using testing::ConfiguredGateway;
using ::testing::HasSubstr;
using testing::HttpHeaders;
using testing::HttpResponse;
using ::testing::Not;
using testing::RawSocket;
using ::testing::StartsWith;

class GatewayHttp : public testing::GatewayTest {
protected:
    static constexpr const char* record = "/v1/records/a";

    [[nodiscard]] std::string stored() const {
        const auto view = client_.get("a");
        return view ? to_json(view->document()) : std::string("none");
    }
    HttpResponse query(const HttpHeaders& headers) {
        return http_.post("/v1/query", R"({"sql":"SELECT name FROM records"})", headers);
    }
};

TEST_F(GatewayHttp, ContentCodingOfARequestIsRefused) {
    for (const std::string coding : {"gzip", "GZIP", "deflate", "br", "gzip, identity", "x"}) {
        const auto refused = http_.put(record, "1", {{"Content-Encoding", coding}});
        expect_problem(refused, 415, "bad_content_encoding");
        EXPECT_EQ(refused.header("Accept-Encoding"), "identity");
        expect_problem(http_.post("/v1/events/a", "1", {{"Content-Encoding", coding}}), 415,
                       "bad_content_encoding");
    }
    EXPECT_EQ(stored(), "none");
    EXPECT_EQ(http_.put(record, "1", {{"Content-Encoding", "identity"}}).status, 201);
}

TEST_F(GatewayHttp, PartialContentOfARequestIsRefused) {
    http_.put(record, "1");
    for (const std::string range : {"bytes 0-0/1", "bytes 5-9/*", "x"}) {
        expect_problem(http_.put(record, "2", {{"Content-Range", range}}), 400,
                       "bad_content_range");
        expect_problem(
            http_.request(
                "PATCH", record,
                {{"Content-Range", range}, {"Content-Type", "application/merge-patch+json"}}, "2"),
            400, "bad_content_range");
    }
    EXPECT_EQ(stored(), "1");
}

TEST_F(GatewayHttp, RepeatedSingletonFieldsAreRefused) {
    http_.put(record, "1");
    for (const auto& field : HttpHeaders{{"Authorization", "Bearer a"},
                                         {"X-API-Key", "a"},
                                         {"Origin", "http://localhost"},
                                         {"Content-Type", "application/json"},
                                         {"Content-Range", "bytes 0-0/1"},
                                         {"Ringside-Idempotent", "true"}}) {
        expect_problem(http_.put(record, "2", {field, field}), 400, "bad_http");
    }
    EXPECT_EQ(stored(), "1");
}

TEST_F(GatewayHttp, AcceptSelectsTheFormatWithTheHighestWeight) {
    http_.put(record, "1");
    const auto type = [&](const HttpHeaders& headers) {
        return query(headers).header("Content-Type");
    };
    for (const std::string accept :
         {"text/csv", "text/csv, application/json;q=0.5", "application/json;q=0.5, text/csv",
          "text/*", "TEXT/CSV;header=present", "application/json;q=0, text/csv;q=0.1",
          "text/csv, application/json", "*/*;q=0.1, text/csv;q=0.2"}) {
        EXPECT_THAT(type({{"Accept", accept}}), StartsWith("text/csv")) << accept;
    }
    for (const std::string accept :
         {"application/json", "*/*", "text/csv;q=0", "text/csv;q=0.5, application/json",
          "text/csv;q=0, */*", "text/csv;q=0.1, application/*", "", "image/png", "text/csvx",
          "application/x-ndjson;q=0, application/*"}) {
        EXPECT_EQ(type({{"Accept", accept}}), "application/json") << accept;
    }
    EXPECT_EQ(type({{"Accept", "application/x-ndjson;q=0.9, text/csv;q=0.8"}}),
              "application/x-ndjson");
    EXPECT_EQ(type({{"Accept", "image/png"}, {"Accept", "application/x-ndjson"}}),
              "application/x-ndjson");
    EXPECT_THAT(query({}).header("Vary"), HasSubstr("Accept"));
}

TEST_F(GatewayHttp, ReadsSayThatTheyVaryWithTheCoding) {
    const std::string tag = http_.put(record, "1").header("ETag");
    EXPECT_EQ(http_.get(record).header("Vary"), "Accept-Encoding");
    EXPECT_EQ(http_.request("HEAD", record).header("Vary"), "Accept-Encoding");
    EXPECT_EQ(http_.get(record, {{"If-None-Match", tag}}).header("Vary"), "Accept-Encoding");
    EXPECT_EQ(http_.get("/v1/records/none").header("Vary"), "Accept-Encoding");
    EXPECT_EQ(http_.get("/v1/records").header("Vary"), "Accept-Encoding");
    EXPECT_EQ(http_.put(record, "2").header("Vary"), "");
}

TEST_F(GatewayHttp, AcceptEncodingSelectsTheCodingWithTheHigherWeight) {
    http_.put(record, '"' + std::string(4096, 'x') + '"');
    const auto coding = [&](const std::string& accept) {
        return http_.get(record, {{"Accept-Encoding", accept}}).header("Content-Encoding");
    };
    EXPECT_EQ(coding("gzip;q=0.5, identity"), "");
    EXPECT_EQ(coding("gzip, identity;q=0.5"), "gzip");
    EXPECT_EQ(coding("gzip;q=0, *"), "");
    EXPECT_EQ(coding("*;q=0"), "");
    EXPECT_EQ(coding("gzip;q=0.000"), "");
    EXPECT_EQ(coding("br;q=1, gzip;q=0.2"), "gzip");
}

TEST_F(GatewayHttp, ConditionsOfATransactionAreRefused) {
    for (const std::string name : {"If-Match", "If-None-Match", "If-Unmodified-Since"}) {
        const auto refused =
            http_.post("/v1/transactions", R"({"writes":[{"op":"put","name":"a","document":1}]})",
                       {{name, "*"}});
        expect_problem(refused, 400, "bad_condition");
    }
    EXPECT_EQ(stored(), "none");
}

TEST_F(GatewayHttp, UpgradeDoesNotNameTheLibrary) {
    const RawSocket socket(gateway_.port());
    socket.send(
        "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    const std::string answered = socket.receive().value();
    EXPECT_THAT(answered, StartsWith("HTTP/1.1 101 "));
    EXPECT_THAT(answered, Not(HasSubstr("Beast")));
    EXPECT_THAT(answered, Not(HasSubstr("Boost")));
}

class GatewayLog : public ConfiguredGateway {
protected:
    void configure_with_log(const std::string& text) {
        write(text);
        gateway_.stop();
        gateway_.set_options({"--config", file_, "--log-level", "debug"});
        gateway_.start();
        http_ = testing::HttpClient(gateway_.port());
    }
    /// Waits until the log contains the lines of all earlier requests.
    void wait_for_log() {
        http_.get("/v1/last");
        // Messages of level info flush the log.
        http_.get("/v1/records", {{"X-API-Key", "nobody"}});
        ASSERT_TRUE(gateway_.logs("/v1/last"));
    }
};

TEST_F(GatewayLog, TokensAreAcceptedWhereDocumentedAndNeverLogged) {
    configure_with_log(key("reader") +
                       "[[rule]]\nusers = [\"reader\"]\nactions = [\"read\"]\npatterns = "
                       "[\"**\"]\n");
    const std::string token = as("reader")[0].second;
    expect_problem(http_.get("/v1/records/a?access_token=" + token), 401, "unauthenticated");
    expect_problem(http_.get("/v1/records?access_token=" + token), 401, "unauthenticated");
    expect_problem(http_.get("/v1/stats?access_token=" + token), 401, "unauthenticated");
    expect_problem(http_.get("/v1/records/a?access_token=" + token, as("reader")), 400,
                   "bad_parameter");
    expect_problem(http_.get("/v1/watch?access_token=x&access%5Ftoken=" + token), 401,
                   "unauthenticated");
    expect_problem(http_.get("/v1/watch?changes=false&access_token=" + token), 400,
                   "bad_parameter");
    http_.get("/v1/%zz?access_token=" + token);
    http_.get("http://localhost/v1/watch?changes=false&access_token=" + token);
    auto stream = watch("pattern=a&access_token=" + token);
    EXPECT_THAT(stream.head(), StartsWith("HTTP/1.1 200 "));
    wait_for_log();
    EXPECT_THAT(gateway_.log(), HasSubstr("/v1/watch"));
    EXPECT_THAT(gateway_.log(), Not(HasSubstr(token)));
}

TEST_F(GatewayLog, NameWithControlCharactersDoesNotForgeALine) {
    configure_with_log(key("reader") +
                       "[[rule]]\nusers = [\"reader\"]\nactions = [\"read\"]\npatterns = "
                       "[\"open/**\"]\n");
    const std::string forged = "x%0A2026-01-01%2000:00:00.000%20info%20%20%20forged%1B%5B31m";
    for (const std::string target :
         {"/v1/records/", "/v1/records?name=", "/v1/events/", "/v1/rpc/", "/v1/records?pattern="}) {
        const bool is_post = target == "/v1/events/" || target == "/v1/rpc/";
        const auto answered = is_post ? http_.post(target + forged, "1", as("reader"))
                                      : http_.get(target + forged, as("reader"));
        EXPECT_GE(answered.status, 400U) << target;
    }
    wait_for_log();
    const std::string log = gateway_.log();
    EXPECT_THAT(log, HasSubstr("\\n2026-01-01")) << "it is escaped";
    EXPECT_THAT(log, Not(HasSubstr("\n2026-01-01 00:00:00.000")));
    EXPECT_THAT(log, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace ringside
