#include <filesystem>

#include "tests/gateway/gateway_test.hpp"

namespace ringside {
namespace {

using ::testing::HasSubstr;
using testing::RawSocket;
using ::testing::StartsWith;

class GatewayMalformed : public testing::GatewayTest {
protected:
    GatewayMalformed() : GatewayTest({"--header-bytes", "4096", "--body-bytes", "65536"}) {}

    /// Returns everything that is sent in response to these bytes, until the gateway closes the
    /// connection.
    [[nodiscard]] std::string answer_to(const std::string& bytes) const {
        return RawSocket::exchange(gateway_.port(), bytes, RawSocket::Sending::is_finished);
    }
    void expect_serving() {
        http_.close();
        EXPECT_EQ(http_.get("/healthz").status, 200);
    }
};

TEST_F(GatewayMalformed, RequestsAreRefusedAndTheNextConnectionIsServed) {
    struct Case {
        std::string bytes;
        const char* status;
    };
    const std::string host = "Host: localhost\r\n";
    const std::string long_value(5000, 'x');
    for (const Case& one : std::vector<Case>{
             {"\r\n\r\n\r\n", "400"},
             {"GET\r\n\r\n", "400"},
             {"GET /healthz\r\n\r\n", "400"},
             {"GET  /healthz HTTP/1.1\r\n" + host + "\r\n", "400"},
             {"GET /healthz HTTP/1.1 x\r\n" + host + "\r\n", "400"},
             {"GET /healthz HTTP/3\r\n" + host + "\r\n", "400"},
             {"GET /healthz HTTP/2.0\r\n" + host + "\r\n", "400"},
             {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"},
             {std::string("\x16\x03\x01\x02\x00\x01\x00", 7), "400"},
             {std::string(64, '\0'), "400"},
             {"G\x01T /healthz HTTP/1.1\r\n" + host + "\r\n", "400"},
             {"GET /healthz HTTP/1.1\r\n\r\n", "400"},
             {"GET /healthz HTTP/1.1\r\n" + host + host + "\r\n", "400"},
             {"GET /healthz HTTP/1.1\r\n" + host + "No colon\r\n\r\n", "400"},
             {"GET /healthz HTTP/1.1\r\n" + host + "A name: x\r\n\r\n", "400"},
             {"GET /healthz HTTP/1.1\r\n" + host + "Name : x\r\n\r\n", "400"},
             {"GET /healthz HTTP/1.1\r\n" + host + "A: x\x01y\r\n\r\n", "400"},
             {"GET /healthz HTTP/1.1\r\n" + host + ": x\r\n\r\n", "400"},
             {"GET healthz HTTP/1.1\r\n" + host + "\r\n", "400"},
             {"GET /%zz HTTP/1.1\r\n" + host + "\r\n", "400"},
             {"GET /% HTTP/1.1\r\n" + host + "\r\n", "400"},
             {"GET /v1/records/%4 HTTP/1.1\r\n" + host + "\r\n", "400"},
             {"GET /v1/records?limit=%x1 HTTP/1.1\r\n" + host + "\r\n", "400"},
             {"GET /v1/records/a%00b HTTP/1.1\r\n" + host + "\r\n", "400"},
             {"GET /healthz#here HTTP/1.1\r\n" + host + "\r\n", "400"},
             {"GET /a\x80 HTTP/1.1\r\n" + host + "\r\n", "400"},
             {"PUT /v1/records/a HTTP/1.1\r\n" + host + "Content-Length: x\r\n\r\n1", "400"},
             {"PUT /v1/records/a HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n1", "400"},
             {"PUT /v1/records/a HTTP/1.1\r\n" + host + "Content-Length: +1\r\n\r\n1", "400"},
             {"PUT /v1/records/a HTTP/1.1\r\n" + host +
                  "Content-Length: 99999999999999999999\r\n\r\n1",
              "400"},
             {"PUT /v1/records/a HTTP/1.1\r\n" + host +
                  "Content-Length: 1\r\nContent-Length: 2\r\n\r\n12",
              "400"},
             {"PUT /v1/records/a HTTP/1.1\r\n" + host +
                  "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n7\r\n0\r\n\r\n",
              "400"},
             {"PUT /v1/records/a HTTP/1.1\r\n" + host +
                  "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n1\r\n7\r\n0\r\n\r\n",
              "400"},
             {"PUT /v1/records/a HTTP/1.1\r\n" + host +
                  "Transfer-Encoding: chunked\r\n\r\nxyz\r\n7\r\n0\r\n\r\n",
              "400"},
             {"PUT /v1/records/a HTTP/1.1\r\n" + host +
                  "Transfer-Encoding: chunked\r\n\r\n1\r\n77\r\n0\r\n\r\n",
              "400"},
             {"PUT /v1/records/a HTTP/1.1\r\n" + host +
                  "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n7",
              "400"},
             {"GET /" + long_value + " HTTP/1.1\r\n" + host + "\r\n", "414"},
             {"GET /healthz HTTP/1.1\r\n" + host + "A: " + long_value + "\r\n\r\n", "431"},
             {"GET /healthz HTTP/1.1\r\n" + host + long_value + ": a\r\n\r\n", "431"},
             {"PUT /v1/records/a HTTP/1.1\r\n" + host + "Content-Length: 65537\r\n\r\n", "413"},
             {"PUT /v1/records/a HTTP/1.1\r\n" + host +
                  "Transfer-Encoding: chunked\r\n\r\n10001\r\n" + std::string(65537, '1') +
                  "\r\n0\r\n\r\n",
              "413"}}) {
        const std::string answered = answer_to(one.bytes);
        const std::string shown = one.bytes.substr(0, 120);
        EXPECT_THAT(answered, StartsWith("HTTP/1.1 " + std::string(one.status) + " ")) << shown;
        expect_serving();
    }
    EXPECT_FALSE(client_.get("a")) << "nothing was written by any of them";
}

TEST_F(GatewayMalformed, TruncatedRequestIsClosed) {
    const std::string whole =
        "PUT /v1/records/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n123";
    for (std::size_t size = 0; size <= whole.size(); size += 3) {
        const std::string answered = answer_to(whole.substr(0, size));
        EXPECT_TRUE(answered.empty() || answered.starts_with("HTTP/1.1 400 ")) << size << answered;
    }
    EXPECT_FALSE(client_.get("a"));
    expect_serving();
}

TEST_F(GatewayMalformed, ABodyThatIsTooLargeIsRefusedWhileItIsSent) {
    const auto refused = http_.put("/v1/records/a", '"' + std::string(4'000'000, 'x') + '"');
    expect_problem(refused, 413, "body_too_large");
    expect_serving();
}

TEST_F(GatewayMalformed, ABodyOfTheLargestSizeIsTaken) {
    const std::string body = '"' + std::string(65534, 'x') + '"';
    EXPECT_EQ(http_.put("/v1/records/a", body).status, 201);
    EXPECT_EQ(http_.get("/v1/records/a").body, body);
}

TEST_F(GatewayMalformed, ARefusalIsAProblem) {
    http_.send("GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect_problem(http_.read(), 400, "bad_target");
    EXPECT_EQ(http_.get("/healthz").status, 200) << "the connection goes on: the request was whole";
    http_.send("GET /healthz HTTP/1.1\r\n\r\n");
    expect_problem(http_.read(), 400, "bad_http");
    EXPECT_FALSE(http_.is_open());
}

TEST_F(GatewayMalformed, RequestsThatAreSentAheadAreAnsweredInOrder) {
    std::string all;
    constexpr int count = 200;
    for (int i = 0; i < count; ++i) {
        const std::string number = std::to_string(i);
        all += "PUT /v1/records/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
               std::to_string(number.size()) + "\r\n\r\n" + number +
               "GET /v1/records/a HTTP/1.1\r\nHost: localhost\r\n\r\n";
    }
    http_.send(all);
    for (int i = 0; i < count; ++i) {
        EXPECT_EQ(member(http_.read(), "version"), std::to_string(i + 1));
        EXPECT_EQ(http_.read().body, std::to_string(i));
    }
}

TEST_F(GatewayMalformed, ARequestMayComeByteByByte) {
    const std::string request =
        "PUT /v1/records/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\n[1\r\n3;extension=x\r\n,2]\r\n0\r\nTrailer: x\r\n\r\n";
    for (const char c : request) http_.send({&c, 1});
    EXPECT_EQ(http_.read().status, 201);
    EXPECT_EQ(http_.get("/v1/records/a").body, "[1,2]");
}

TEST_F(GatewayMalformed, ClientThatExpectsContinueGetsIt) {
    const std::string head =
        "PUT /v1/records/a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: ";
    const RawSocket socket(gateway_.port());
    socket.send(head + "1\r\n\r\n");
    EXPECT_EQ(socket.receive(), "HTTP/1.1 100 Continue\r\n\r\n");
    socket.send("7");
    EXPECT_THAT(socket.receive().value(), StartsWith("HTTP/1.1 201 "));
    const RawSocket refused(gateway_.port());
    refused.send(head + "1000000\r\n\r\n");
    EXPECT_THAT(refused.read_to_end(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(GatewayMalformed, Http10IsAnsweredAndClosedUnlessAskedOtherwise) {
    EXPECT_THAT(answer_to("GET /healthz HTTP/1.0\r\n\r\n"),
                ::testing::AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Connection: close\r\n")));
    const RawSocket socket(gateway_.port());
    socket.send("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(socket.receive().value(), HasSubstr("Connection: keep-alive\r\n"));
    socket.send("GET /healthz HTTP/1.0\r\n\r\n");
    EXPECT_THAT(socket.read_to_end(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(GatewayMalformed, AClientThatSendsNoMoreIsAnswered) {
    EXPECT_THAT(
        answer_to("PUT /v1/records/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n7"),
        StartsWith("HTTP/1.1 201 "));
    EXPECT_THAT(answer_to("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
                HasSubstr("Connection: close\r\n"));
}

TEST_F(GatewayMalformed, ATargetMayBeAWholeUri) {
    EXPECT_THAT(answer_to("GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                StartsWith("HTTP/1.1 200 "))
        << "RFC 9112, 3.2.2";
}

TEST_F(GatewayMalformed, ClientsThatLeaveDuringARequestLeaveNothing) {
    for (int i = 0; i < 200; ++i) {
        const RawSocket socket(gateway_.port());
        socket.send("GET /v1/records HTTP/1.1\r\nHost: localhost\r\n\r\nPUT /v1/rec");
    }
    expect_serving();
    const std::string descriptors = "/proc/" + std::to_string(gateway_.pid()) + "/fd";
    EXPECT_TRUE(testing::eventually(
        [&] { return std::distance(std::filesystem::directory_iterator(descriptors), {}) < 100; }));
}

}  // namespace
}  // namespace ringside
