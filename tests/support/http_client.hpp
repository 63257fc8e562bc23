#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/raw_socket.hpp"

namespace ringside::testing {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpResponse {
    unsigned status = 0;
    std::string body;
    boost::beast::http::fields headers;

    /// Returns a header, or an empty text if it is missing.
    [[nodiscard]] std::string header(const std::string& name) const {
        return std::string(headers[name]);
    }
};

/// An HTTP/1.1 client that waits for each answer. It reuses its connection, and reconnects after
/// the server has closed it.
class HttpClient {
public:
    explicit HttpClient(std::uint16_t port) : port_(port) {}

    HttpResponse request(const std::string& method, const std::string& target,
                         const HttpHeaders& headers = {}, std::string_view body = {}) {
        begin(method, target, headers, body);
        return read(method == "HEAD");
    }
    HttpResponse get(const std::string& target, const HttpHeaders& headers = {}) {
        return request("GET", target, headers);
    }
    HttpResponse put(const std::string& target, std::string_view body,
                     const HttpHeaders& headers = {}) {
        return request("PUT", target, headers, body);
    }
    HttpResponse post(const std::string& target, std::string_view body,
                      const HttpHeaders& headers = {}) {
        return request("POST", target, headers, body);
    }
    HttpResponse remove(const std::string& target, const HttpHeaders& headers = {}) {
        return request("DELETE", target, headers);
    }

    /// Sends a request. `read` waits for its answer.
    void begin(const std::string& method, const std::string& target,
               const HttpHeaders& headers = {}, std::string_view body = {}) {
        if (!socket_) connect();
        std::string text = method + " " + target + " HTTP/1.1\r\n";
        bool has_host = false;
        for (const auto& [name, value] : headers) {
            has_host = has_host || name == "Host";
            text += name + ": " + value + "\r\n";
        }
        if (!has_host) text += "Host: localhost:" + std::to_string(port_) + "\r\n";
        if (!body.empty() || (method != "GET" && method != "HEAD")) {
            text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        }
        (text += "\r\n") += body;
        socket_->send(text);  // a closed connection is detected when the answer is read
    }

    /// Sends bytes unchanged.
    void send(std::string_view text) {
        if (!socket_) connect();
        socket_->send(text);
    }

    /// Returns the next answer. Throws if there is none.
    HttpResponse read(bool is_of_head = false) {
        namespace http = boost::beast::http;
        if (!socket_) connect();
        http::response_parser<http::string_body> parser;
        parser.eager(true);
        parser.skip(is_of_head);
        parser.body_limit(std::uint64_t{1} << 30);
        while (!parser.is_done()) {
            if (!buffer_.empty()) {
                boost::system::error_code failed;
                buffer_.erase(0, parser.put(boost::asio::buffer(buffer_), failed));
                if (failed && failed != http::error::need_more) {
                    throw std::runtime_error("not an answer: " + failed.message());
                }
                if (parser.is_done()) break;
            }
            const auto some = socket_->receive();
            if (!some) throw std::runtime_error("no answer comes");
            if (some->empty()) {
                boost::system::error_code failed;
                parser.put_eof(failed);
                if (failed || !parser.got_some() || !parser.is_done()) {
                    socket_.reset();
                    buffer_.clear();
                    throw std::runtime_error("the connection ends without an answer");
                }
                break;
            }
            buffer_ += *some;
        }
        auto message = parser.release();
        if (!message.keep_alive()) {
            socket_.reset();
            buffer_.clear();
        }
        return {message.result_int(), std::move(message.body()), std::move(message.base())};
    }

    void close() {
        socket_.reset();
        buffer_.clear();
    }
    [[nodiscard]] bool is_open() const noexcept { return socket_.has_value(); }
    void connect() {
        buffer_.clear();
        socket_.emplace(port_);
    }

private:
    std::uint16_t port_;
    std::optional<RawSocket> socket_;
    std::string buffer_;
};

}  // namespace ringside::testing
