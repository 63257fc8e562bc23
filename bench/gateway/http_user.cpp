#include "bench/gateway/http_user.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <charconv>
#include <stdexcept>

#include "bench/gateway/gateway.hpp"

namespace ringside::bench {

namespace {

void set_timeout(int socket, int option, int seconds) {
    const timeval time{.tv_sec = seconds, .tv_usec = 0};
    setsockopt(socket, SOL_SOCKET, option, &time, sizeof time);
}

}  // namespace

std::string request_head(std::string_view method, std::string_view target, std::string_view key) {
    return fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {}\r\n", method, target,
                       key);
}

std::size_t send_some(int socket, std::string_view bytes) {
    set_timeout(socket, SO_SNDTIMEO, 1);
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        const ssize_t size = send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (size <= 0) break;
        sent += static_cast<std::size_t>(size);
    }
    return sent;
}

HttpUser::HttpUser(std::uint16_t port, std::string_view key)
    : socket_(connect_to(port)), key_(key) {
    constexpr int patience_s = 60;
    set_timeout(socket_.get(), SO_RCVTIMEO, patience_s);
}

void HttpUser::begin(std::string_view method, std::string_view target, std::string_view body) {
    std::string text = request_head(method, target, key_);
    if (!body.empty()) text += fmt::format("Content-Length: {}\r\n", body.size());
    (text += "\r\n") += body;
    if (send_some(socket_.get(), text) != text.size()) throw std::runtime_error("a request");
}

unsigned HttpUser::read(std::string* body) {
    std::size_t head = std::string::npos;
    std::size_t length = 0;
    while (head == std::string::npos || received_.size() < head + length) {
        char some[65536];
        const ssize_t size = recv(socket_.get(), some, sizeof some, 0);
        if (size <= 0) throw std::runtime_error("a response is missing");
        received_.append(some, static_cast<std::size_t>(size));
        if (head != std::string::npos) continue;
        head = received_.find("\r\n\r\n");
        if (head == std::string::npos) continue;
        head += 4;
        constexpr std::string_view name = "Content-Length: ";
        const std::size_t at = received_.find(name);
        if (at < head) {
            std::from_chars(received_.data() + at + name.size(), received_.data() + head, length);
        }
    }
    unsigned status = 0;
    constexpr std::size_t status_at = 9;  // after "HTTP/1.1 "
    std::from_chars(received_.data() + status_at, received_.data() + head, status);
    if (body != nullptr) *body = received_.substr(head, length);
    received_.erase(0, head + length);
    return status;
}

std::string HttpUser::get(std::string_view target) {
    begin("GET", target);
    std::string body;
    if (const unsigned status = read(&body); status / 100 != 2) {
        throw std::runtime_error(fmt::format("{}: {} {}", target, status, body));
    }
    return body;
}

}  // namespace ringside::bench
