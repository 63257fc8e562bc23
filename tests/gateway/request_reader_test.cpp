#include "tools/gateway/http/request_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ringside::gateway {
namespace {

constexpr RequestReader::Limits reader_limits{.header_bytes = 2048, .body_bytes = 1024};
const std::string put_head = "PUT /v1/records/a HTTP/1.1\r\nHost: localhost\r\n";
const std::string chunked_head = put_head + "Transfer-Encoding: chunked\r\n\r\n";
const std::string next_request = "GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n";

struct Reading {
    bool is_done = false;
    unsigned refused = 0;  ///< the status
    std::string body{};
    std::string rest{};  ///< bytes after the request
    http::request<http::string_body> message{};
};

/// Reads a request from bytes that arrive in pieces.
Reading read_in_pieces(const std::string& bytes, std::size_t piece_bytes) {
    RequestReader reader(reader_limits);
    std::string waiting;
    for (std::size_t at = 0; at < bytes.size() && !reader.is_done();) {
        const std::size_t size = std::min(piece_bytes, bytes.size() - at);
        waiting += bytes.substr(at, size);
        at += size;
        while (!reader.is_done()) {
            const std::size_t used = reader.read(waiting);
            waiting.erase(0, used);
            if (reader.problem()) return {.refused = reader.problem()->status};
            if (used == 0) break;
        }
        if (reader.is_done()) waiting += bytes.substr(at);
    }
    Reading reading{.is_done = reader.is_done(), .rest = waiting};
    if (!reading.is_done) return reading;
    reading.message = reader.release();
    reading.body = reading.message.body();
    return reading;
}

/// Reads the same bytes, cut in several ways.
std::vector<Reading> read_in_all_ways(const std::string& bytes) {
    std::vector<Reading> all;
    for (const std::size_t piece_bytes :
         {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{64}, bytes.size()}) {
        all.push_back(read_in_pieces(bytes, piece_bytes));
    }
    return all;
}

void expect_refused(const std::string& bytes, std::vector<unsigned> statuses = {400}) {
    for (const Reading& reading : read_in_all_ways(bytes)) {
        EXPECT_NE(std::ranges::find(statuses, reading.refused), statuses.end())
            << reading.refused << " for " << bytes.substr(0, 200);
    }
}

/// Expects the request to be read, and the bytes after it to be left.
void expect_read(const std::string& bytes, const std::string& body) {
    for (const Reading& reading : read_in_all_ways(bytes + next_request)) {
        EXPECT_TRUE(reading.is_done) << reading.refused << " for " << bytes.substr(0, 200);
        EXPECT_EQ(reading.body, body) << bytes.substr(0, 200);
        EXPECT_EQ(reading.rest, next_request) << bytes.substr(0, 200);
    }
}

TEST(RequestReader, RequestsEndWhereTheirFramingSays) {
    expect_read(put_head + "\r\n", "");
    expect_read(put_head + "Content-Length: 0\r\n\r\n", "");
    expect_read(put_head + "Content-Length: 3\r\n\r\nabc", "abc");
    expect_read(put_head + "Content-Length:  0003 \r\n\r\nabc", "abc");
    expect_read(put_head + "content-length:3\r\n\r\nabc", "abc");
    expect_read(chunked_head + "0\r\n\r\n", "");
    expect_read(chunked_head + "3\r\nabc\r\n0\r\n\r\n", "abc");
    expect_read(chunked_head + "2\r\nab\r\n1\r\nc\r\n000\r\n\r\n", "abc");
    expect_read(chunked_head + "0000000000000003\r\nabc\r\n0\r\n\r\n", "abc");
    expect_read(chunked_head + "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n",
                "01234567890123456789");
    expect_read(put_head + "transfer-encoding: CHUNKED\r\n\r\n1\r\na\r\n0\r\n\r\n", "a");
    expect_read("\r\n" + put_head + "Content-Length: 1\r\n\r\na", "a");
    expect_read("\r\n\r\n" + put_head + "\r\n", "");
    expect_read("GET / HTTP/1.0\r\n\r\n", "");
}

TEST(RequestReader, TransferEncodingOtherThanChunkedAloneIsRefused) {
    for (const std::string value :
         {"", " ", "xchunked", "chunkedx", "chunked, identity", "chunked, gzip", "\"chunked\"",
          "identity", "gzip", "chunked, chunked", "chunked,chunked", "chunked;q=1", "chunked,",
          ",chunked", "chu nked", "'chunked'", "chunked\t,identity", "gzip chunked"}) {
        expect_refused(put_head + "Transfer-Encoding: " + value + "\r\n\r\n" + next_request);
    }
    for (const std::string value : {"gzip, chunked", "gzip,chunked", "identity, chunked",
                                    "deflate , chunked", "xchunked, chunked"}) {
        expect_refused(put_head + "Transfer-Encoding: " + value + "\r\n\r\n0\r\n\r\n", {400, 501});
    }
    const std::string line = "Transfer-Encoding: chunked\r\n";
    expect_refused(put_head + line + line + "\r\n0\r\n\r\n");
    expect_refused(put_head + line + "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n");
    expect_refused(put_head + "Transfer-Encoding: gzip\r\n" + line + "\r\n0\r\n\r\n", {400, 501});
    expect_refused(put_head + "Transfer-Encoding: \r\n" + line + "\r\n0\r\n\r\n");
    expect_refused(put_head + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n");
    expect_refused(put_head +
                   "Transfer-Encoding: \x0b"
                   "chunked\r\n\r\n0\r\n\r\n");
}

TEST(RequestReader, TransferEncodingInHttp10IsRefused) {
    const std::string head = "PUT /v1/records/a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n";
    expect_refused(head + "\r\n0\r\n\r\n");
    expect_refused(head + "Content-Length: 5\r\n\r\n0\r\n\r\n");
}

TEST(RequestReader, TransferEncodingWithContentLengthIsRefusedInBothOrders) {
    for (const std::string coding : {"chunked", "gzip, chunked", "xchunked", "identity", ""}) {
        const std::string encoding = "Transfer-Encoding: " + coding + "\r\n";
        for (const std::string length : {"5", "0", "", "x"}) {
            const std::string field = "Content-Length: " + length + "\r\n";
            expect_refused(put_head + encoding + field + "\r\n0\r\n\r\n");
            expect_refused(put_head + field + encoding + "\r\n0\r\n\r\n");
        }
    }
}

TEST(RequestReader, ContentLengthThatIsNotOneNumberIsRefused) {
    for (const std::string value :
         {"", "x", "-1", "+1", "1x", "0x1", "1.0", "1e0", "1 1", "1,1", "1, 1", "1,2", ",1", "1,",
          "18446744073709551616", "99999999999999999999999", "\"1\"", "1;1", "١"}) {
        expect_refused(put_head + "Content-Length: " + value + "\r\n\r\n1");
    }
    const std::string one = "Content-Length: 1\r\n";
    expect_refused(put_head + one + one + "\r\n1");
    expect_refused(put_head + one + "Content-Length: 2\r\n\r\n12");
    expect_refused(put_head + one + "Content-Length:\r\n\r\n1");
    expect_refused(put_head + "Content-Length : 1\r\n\r\n1");
    expect_refused(put_head + "Content-Length: 1025\r\n\r\n", {413});
    expect_refused(put_head + "Content-Length: 18446744073709551615\r\n\r\n", {413});
}

TEST(RequestReader, MalformedChunksAreRefused) {
    for (const std::string line : {"",
                                   " ",
                                   "x",
                                   "-1",
                                   "+1",
                                   "0x1",
                                   "1x",
                                   " 1",
                                   "1 ",
                                   "\t1",
                                   "1\t",
                                   "1 1",
                                   "1;",
                                   "1;=a",
                                   "1;a=",
                                   "1; =a",
                                   "1;a;",
                                   "1;a=\"b",
                                   "1,a",
                                   "ffffffffffffffffff",
                                   "00000000000000001",
                                   "1;a b"}) {
        expect_refused(chunked_head + line + "\r\na\r\n0\r\n\r\n");
    }
    expect_refused(chunked_head + "1\na\r\n0\r\n\r\n");
    expect_refused(chunked_head + "1\ra\r\n0\r\n\r\n");
    expect_refused(chunked_head + "1\r\na\n0\r\n\r\n");
    expect_refused(chunked_head + "1\r\nab\r\n0\r\n\r\n");
    expect_refused(chunked_head + "1\r\na0\r\n\r\n");
    expect_refused(chunked_head + "2\r\na\r\n0\r\n\r\n");
    expect_refused(chunked_head + "0\n\n");
    expect_refused(chunked_head + "0\r\n\n");
    expect_refused(chunked_head + "1;a\x01\r\na\r\n0\r\n\r\n");
    expect_refused(chunked_head + "401\r\n", {413});
    expect_refused(chunked_head + "400\r\n" + std::string(1024, 'a') + "\r\n1\r\n", {413});
    expect_refused(chunked_head + "ffffffffffffffff\r\na", {413});
}

TEST(RequestReader, ExtensionsOfChunksAreSkipped) {
    for (const std::string extension : {";a", ";a=b", "; a = b", " ;a=\"b;\\\"c\"", ";a;b=c"}) {
        expect_read(chunked_head + "1" + extension + "\r\nx\r\n0" + extension + "\r\n\r\n", "x");
    }
}

TEST(RequestReader, AmbiguousLinesOfTheHeaderAreRefused) {
    const std::string host = "Host: localhost\r\n";
    for (const std::string lines :
         {"A: b\r\n c\r\n", "A: b\r\n\tc\r\n", "A: b\r\n \r\n", " A: b\r\n", "A: b\nC: d\r\n",
          "A: b\rC: d\r\n", "A : b\r\n", "A\r\n", ": b\r\n", "A b: c\r\n", "A: \x01\r\n",
          "A: \x7f\r\n", "A\t: b\r\n"}) {
        expect_refused("GET / HTTP/1.1\r\n" + host + lines + "\r\n");
        expect_refused("GET / HTTP/1.1\r\n" + lines + host + "\r\n");
    }
    expect_refused(std::string("GET / HTTP/1.1\r\nHost: localhost\r\nA: b\0c\r\n\r\n", 43));
    for (const std::string head :
         {"GET / HTTP/1.1\nHost: localhost\n\n", "GET / HTTP/1.1\r\nHost: localhost\n\r\n",
          "GET / HTTP/1.1\r\nHost: localhost\r\n\n", "GET / HTTP/1.1\rHost: localhost\r\r",
          "\n\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "\r\n\r\n\r\n", "\r\r\n",
          " GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /\r\nHost: localhost\r\n\r\n",
          "GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n",
          "GET / HTTP/1.1 \r\nHost: localhost\r\n\r\n", "GET / http/1.1\r\nHost: localhost\r\n\r\n",
          "GET\t/ HTTP/1.1\r\nHost: localhost\r\n\r\n"}) {
        expect_refused(head);
    }
}

TEST(RequestReader, HostIsRequiredOnceAndValid) {
    expect_refused("GET / HTTP/1.1\r\n\r\n");
    expect_refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n");
    expect_refused("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n");
    for (const std::string host : {"a b", "a, b", "a/b", "user@a", "a?b", "a#b", "a\\b", "\"a\""}) {
        expect_refused("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    }
    for (const std::string host : {"LOCALHOST", "a.b:80", "[::1]:80", "my_host", "", "127.0.0.1"}) {
        expect_read("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", "");
    }
}

TEST(RequestReader, TrailersAreNeverHeaderFields) {
    const std::string request = put_head +
                                "Transfer-Encoding: chunked\r\nTrailer: If-Match\r\n\r\n"
                                "1\r\n7\r\n0\r\n"
                                "X-API-Key: k\r\nAuthorization: Bearer t\r\nIf-Match: \"1\"\r\n"
                                "Content-Type: text/plain\r\nOrigin: http://a\r\nHost: b\r\n"
                                "Connection: close\r\nContent-Length: 5\r\n"
                                "Transfer-Encoding: identity\r\nContent-Encoding: gzip\r\n\r\n";
    expect_read(request, "7");
    const auto message = read_in_pieces(request, request.size()).message;
    for (const char* name : {"X-API-Key", "Authorization", "If-Match", "Content-Type", "Origin",
                             "Connection", "Content-Length", "Content-Encoding"}) {
        EXPECT_EQ(message.count(name), 0U) << name;
    }
    EXPECT_EQ(message.count(http::field::host), 1U);
    EXPECT_EQ(message.count(http::field::transfer_encoding), 1U);
    EXPECT_TRUE(message.keep_alive());
}

TEST(RequestReader, MalformedTrailersAreRefused) {
    for (const std::string line : {"no colon", " A: b", "A : b", ": b", "A: b\nC: d", "A: \x01",
                                   "A: b\r\n c", "GET / HTTP/1.1"}) {
        expect_refused(chunked_head + "0\r\n" + line + "\r\n\r\n");
    }
}

TEST(RequestReader, HeaderIsReadUpToItsLimit) {
    const auto with_target = [](std::size_t bytes) {
        return "GET /" + std::string(bytes, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
    };
    const std::size_t others = with_target(0).size();
    expect_read(with_target(reader_limits.header_bytes - others), "");
    expect_refused(with_target(reader_limits.header_bytes - others + 1), {431});
    expect_refused(with_target(reader_limits.header_bytes), {414});
    expect_refused("GET / HTTP/1.1\r\nA: " + std::string(reader_limits.header_bytes, 'a'), {431});
    expect_refused("GET / HTTP/1.1\r\n" + std::string(reader_limits.header_bytes, 'a'), {431});
    std::string many = "GET / HTTP/1.1\r\n";
    while (many.size() <= reader_limits.header_bytes) many += "A: b\r\n";
    expect_refused(many, {431});
}

TEST(RequestReader, TrailersAndExtensionsShareALimit) {
    const std::string extension = ";a=" + std::string(reader_limits.header_bytes / 4, 'b');
    const std::string chunk = "1" + extension + "\r\nx\r\n";
    const std::string trailer = "A: " + std::string(reader_limits.header_bytes / 4, 'b') + "\r\n";
    expect_read(chunked_head + chunk + chunk + "0\r\n" + trailer + "\r\n", "xx");
    expect_refused(chunked_head + chunk + chunk + chunk + chunk + "0\r\n\r\n", {431});
    expect_refused(chunked_head + chunk + chunk + "0\r\n" + trailer + trailer + "\r\n", {431});
    expect_refused(chunked_head + "1;" + std::string(2 * reader_limits.header_bytes, 'a'), {431});
    expect_refused(chunked_head + "0\r\nA: " + std::string(2 * reader_limits.header_bytes, 'a'),
                   {431});
    std::string many = chunked_head + "0\r\n";
    for (std::size_t i = 0; i < reader_limits.header_bytes; ++i) many += "A:\r\n";
    expect_refused(many, {431});
    std::string small;
    for (std::size_t i = 0; i < reader_limits.header_bytes; ++i) small += "1;a\r\nx\r\n";
    expect_refused(chunked_head + small, {431});
}

TEST(RequestReader, MemoryFollowsTheBytesOfTheBody) {
    RequestReader reader(reader_limits);
    const std::string head = put_head + "Content-Length: 1000\r\n\r\n";
    EXPECT_EQ(reader.read(head), head.size());
    EXPECT_LT(reader.body_capacity(), 100U);
    EXPECT_EQ(reader.read(std::string(600, 'a')), 600U);
    EXPECT_EQ(reader.read(std::string(600, 'a')), 400U);
    EXPECT_EQ(reader.body_capacity(), 1000U);
    EXPECT_TRUE(reader.is_done());
}

TEST(RequestReader, OnlyHttp11ExpectsContinue) {
    const auto expects = [](const std::string& version, const std::string& expectation) {
        RequestReader reader(reader_limits);
        reader.read("PUT / HTTP/" + version + "\r\nHost: a\r\nExpect: " + expectation +
                    "\r\nContent-Length: 1\r\n\r\n");
        EXPECT_TRUE(reader.is_head_done());
        return reader.expects_continue();
    };
    EXPECT_TRUE(expects("1.1", "100-continue"));
    EXPECT_TRUE(expects("1.1", "100-Continue"));
    EXPECT_FALSE(expects("1.0", "100-continue"));
    EXPECT_FALSE(expects("1.1", "something"));
}

}  // namespace
}  // namespace ringside::gateway
