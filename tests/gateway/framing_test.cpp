#include "tests/gateway/gateway_test.hpp"

namespace ringside {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawSocket;
using ::testing::StartsWith;

/// Requests whose end a front end and the gateway could see in different places. The tests of
/// RequestReader cover each kind; these tests cover the effects.
class GatewayFraming : public testing::GatewayTest {
protected:
    GatewayFraming() : GatewayTest({"--header-bytes", "4096", "--body-bytes", "65536"}) {}

    /// Returns everything that the gateway sends before it closes the connection.
    [[nodiscard]] std::string answer_to(const std::string& bytes) const {
        return RawSocket::exchange(gateway_.port(), bytes, RawSocket::Sending::stays_open);
    }
    static std::size_t count_of(const std::string& text, const std::string& part) {
        std::size_t count = 0;
        for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
            ++count;
        }
        return count;
    }

    const std::string hidden_ =
        "PUT /v1/records/hidden HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n1";
    const std::string post_ = "POST /v1/events/a HTTP/1.1\r\nHost: localhost\r\n";
};

TEST_F(GatewayFraming, BodyOfUnknownLengthIsNeverRunAsARequest) {
    const std::string length = "Content-Length: " + std::to_string(hidden_.size()) + "\r\n";
    for (const std::string fields :
         {"Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: chunked, identity\r\n",
          "Transfer-Encoding: \"chunked\"\r\n", "Transfer-Encoding:\r\n",
          "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: gzip\r\n",
          "Transfer-Encoding: identity\r\n"}) {
        for (const std::string& framing :
             {fields, fields + length, length + fields, length + length}) {
            const std::string answered = answer_to(post_ + framing + "\r\n" + hidden_);
            EXPECT_THAT(answered, AnyOf(StartsWith("HTTP/1.1 400 "), StartsWith("HTTP/1.1 501 ")))
                << framing;
            EXPECT_EQ(count_of(answered, "HTTP/1.1 "), 1U) << "nothing follows the refusal";
            EXPECT_THAT(answered, HasSubstr("Connection: close\r\n"));
        }
    }
    EXPECT_FALSE(client_.get("hidden"));
}

TEST_F(GatewayFraming, EndlessTrailersAndExtensionsAreRefused) {
    const std::string trailers = [] {
        std::string lines;
        while (lines.size() < 8192) lines += "X-Filler: 0123456789\r\n";
        return lines;
    }();
    const std::string chunked = post_ + "Transfer-Encoding: chunked\r\n\r\n";
    EXPECT_THAT(answer_to(chunked + "1\r\n1\r\n0\r\n" + trailers), StartsWith("HTTP/1.1 431 "));
    EXPECT_THAT(answer_to(chunked + "1;x=" + std::string(8192, 'y')), StartsWith("HTTP/1.1 431 "));
    EXPECT_EQ(http_.get("/healthz").status, 200);
}

TEST_F(GatewayFraming, TrailersHaveNoEffect) {
    client_.put("a", "1").value();
    http_.send(
        "PUT /v1/records/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        "1\r\n2\r\n0\r\nIf-Match: \"none\"\r\nIf-None-Match: *\r\nOrigin: http://evil.example\r\n"
        "Host: evil.example\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n"
        "Connection: close\r\n\r\n");
    EXPECT_EQ(http_.read().status, 200);
    EXPECT_TRUE(http_.is_open());
    EXPECT_EQ(http_.get("/v1/records/a").body, "2");
    http_.send(
        "PATCH /v1/records/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        "1\r\n3\r\n0\r\nContent-Type: application/merge-patch+json\r\n\r\n");
    EXPECT_EQ(http_.read().status, 415);
}

TEST_F(GatewayFraming, PipelinedRequestsAreSeparatedCorrectly) {
    const std::string chunked =
        "PUT /v1/records/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        "1;x=\"y\"\r\n7\r\n0\r\nA: b\r\n\r\n";
    const std::string get = "GET /v1/records/a HTTP/1.1\r\nHost: localhost\r\n\r\n";
    http_.send(chunked + "\r\n" + get + hidden_ + "\r\n\r\n" + get);
    EXPECT_EQ(http_.read().status, 201);
    EXPECT_EQ(http_.read().body, "7");
    EXPECT_EQ(http_.read().status, 201);
    EXPECT_EQ(http_.read().body, "7");
}

TEST_F(GatewayFraming, FewEmptyLinesAreSkipped) {
    const RawSocket socket(gateway_.port());
    socket.send("\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(socket.receive().value(), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(answer_to("\r\n\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(GatewayFraming, ExpectationOfHttp10IsIgnored) {
    const RawSocket socket(gateway_.port());
    socket.send("PUT /v1/records/a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n7");
    const std::string answered = socket.read_to_end();
    EXPECT_THAT(answered, StartsWith("HTTP/1.1 201 "));
    EXPECT_THAT(answered, Not(HasSubstr("100 Continue")));
}

TEST_F(GatewayFraming, OptionsOfTheWholeServerAreAnswered) {
    const auto answered = http_.request("OPTIONS", "*");
    EXPECT_EQ(answered.status, 204);
    EXPECT_THAT(answered.header("Allow"), HasSubstr("PATCH"));
    expect_problem(http_.get("*"), 400, "bad_target");
}

TEST_F(GatewayFraming, HostOfAnAbsoluteUriReplacesTheFieldHost) {
    const auto asked = [&](const std::string& target, const std::string& host) {
        return http_.get(target, {{"Host", host}});
    };
    EXPECT_EQ(asked("http://localhost/v1/records", "localhost").status, 200);
    EXPECT_EQ(asked("HTTP://localhost/v1/records", "localhost").status, 200);
    expect_problem(asked("http://evil.example/v1/records", "localhost"), 421, "bad_host");
    expect_problem(asked("ftp://localhost/v1/records", "localhost"), 400, "bad_target");
    expect_problem(asked("http://user@localhost/v1/records", "localhost"), 400, "bad_target");
    EXPECT_EQ(asked("/v1/records", "LOCALHOST").status, 200);
    EXPECT_EQ(asked("/v1/records", "LocalHost:8080").status, 200);
}

}  // namespace
}  // namespace ringside
