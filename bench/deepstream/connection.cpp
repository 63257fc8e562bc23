#include "bench/deepstream/connection.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "bench/gateway/gateway.hpp"

namespace ringside::bench {

namespace {

constexpr std::size_t in_bytes = 16 * 1024;  ///< larger frames do not occur
constexpr int patience_ms = 30'000;

using gateway::deepstream::AuthAction;
using gateway::deepstream::ConnectionAction;

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}

/// Returns the position after the varint that starts at `at`.
std::size_t behind_varint(std::string_view bytes, std::size_t at) {
    while (at < bytes.size() && byte_at(bytes, at) >= 0x80) ++at;
    return at + 1;
}

}  // namespace

std::string client_frame(std::string_view payload) {
    constexpr std::uint8_t final_binary = 0x82;
    constexpr std::uint8_t masked = 0x80;
    std::string frame(1, static_cast<char>(final_binary));
    if (payload.size() > 0xffff) throw std::runtime_error("frame too large to send");
    if (payload.size() < 126) {
        frame += static_cast<char>(masked | payload.size());
    } else {
        frame += static_cast<char>(masked | 126);
        frame += static_cast<char>(payload.size() >> 8);
        frame += static_cast<char>(payload.size() & 0xff);
    }
    frame.append(4, '\0');
    return frame.append(payload);
}

void Incoming::refuse() const {
    throw std::runtime_error(fmt::format("unexpected message: topic {}, action {}",
                                         static_cast<unsigned>(topic), action));
}

Connection::Connection(std::uint16_t port) : socket_(connect_to(port)), in_(in_bytes) {
    const int yes = 1;
    setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
    begin_websocket(port);
    log_in(port);
}

void Connection::begin_websocket(std::uint16_t port) {
    add(
        fmt::format("GET /deepstream HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nUpgrade: websocket\r\n"
                    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                    "Sec-WebSocket-Version: 13\r\n\r\n",
                    port));
    flush();
    for (;;) {
        const std::string_view head(in_.data(), end_);
        const std::size_t at = head.find("\r\n\r\n");
        if (at != std::string_view::npos) {
            if (!head.starts_with("HTTP/1.1 101"))
                throw std::runtime_error("server refused the WebSocket: " + std::string(head));
            begin_ = at + 4;
            return;
        }
        wait_until_readable();
        fill();
    }
}

void Connection::log_in(std::uint16_t port) {
    auto challenge =
        gateway::deepstream::message_of<wire::ConnectionMessage>(ConnectionAction::challenge);
    challenge.set_url(fmt::format("ws://127.0.0.1:{}/deepstream", port));
    challenge.set_protocol_version("0.1a");
    ask(frame_to_send(challenge), Topic::connection, ConnectionAction::accept);
    auto request = gateway::deepstream::message_of<wire::AuthMessage>(AuthAction::request);
    request.set_data("{}");
    ask(frame_to_send(request), Topic::auth, AuthAction::successful);
}

void Connection::flush() {
    while (sent_ < out_.size()) {
        const ssize_t size =
            send(socket_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
        if (size < 0 && errno == EAGAIN) return;
        if (size < 0) throw std::runtime_error(fmt::format("send: {}", std::strerror(errno)));
        sent_ += static_cast<std::size_t>(size);
    }
    out_.clear();
    sent_ = 0;
}

void Connection::ask(std::string_view frame, Topic topic, std::int32_t action) {
    add(frame);
    flush();
    for (bool has_come = false;;) {
        // The message may have arrived together with an earlier answer.
        while (const auto payload = next_payload()) {
            if (opened(*payload).is(topic, action)) has_come = true;
        }
        if (has_come) return;
        wait_until_readable();
        fill();
    }
}

bool Connection::fill() {
    std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    const std::size_t room = in_.size() - end_;
    if (room == 0) throw std::runtime_error("frame larger than expected");
    const ssize_t size = recv(socket_.get(), in_.data() + end_, room, 0);
    if (size < 0 && errno == EAGAIN) return false;
    if (size < 0) throw std::runtime_error(fmt::format("recv: {}", std::strerror(errno)));
    if (size == 0) throw std::runtime_error("server closed a connection");
    end_ += static_cast<std::size_t>(size);
    is_empty_ = static_cast<std::size_t>(size) < room;
    return true;
}

std::optional<std::string_view> Connection::next_payload() {
    constexpr std::uint8_t close = 0x88;
    constexpr std::uint8_t final_binary = 0x82;
    for (;;) {
        const std::string_view bytes(in_.data() + begin_, end_ - begin_);
        if (bytes.size() < 2) return std::nullopt;
        std::size_t size = byte_at(bytes, 1);
        std::size_t head = 2;
        if (size == 126) {
            if (bytes.size() < 4) return std::nullopt;
            size = static_cast<std::size_t>(byte_at(bytes, 2) << 8 | byte_at(bytes, 3));
            head = 4;
        }
        if (size > in_.size() - head) throw std::runtime_error("frame larger than expected");
        if (bytes.size() < head + size) return std::nullopt;
        begin_ += head + size;
        if (byte_at(bytes, 0) == final_binary) return bytes.substr(head, size);
        // Pings and pongs are ignored.
        if (byte_at(bytes, 0) == close) throw std::runtime_error("server closed a connection");
    }
}

Incoming Connection::opened(std::string_view payload) {
    // The length; 10, topic; 1a, length of the message; 08, action.
    const std::size_t topic = behind_varint(payload, 0) + 1;
    const std::size_t action = behind_varint(payload, topic + 2) + 1;
    if (action >= payload.size() || byte_at(payload, topic - 1) != 0x10 ||
        byte_at(payload, topic + 1) != 0x1a || byte_at(payload, action - 1) != 0x08) {
        throw std::runtime_error("frame without a message");
    }
    return {static_cast<Topic>(byte_at(payload, topic)), byte_at(payload, action), payload};
}

void Connection::wait_until_readable() const {
    pollfd wanted{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (poll(&wanted, 1, patience_ms) != 1) throw std::runtime_error("no answer from the server");
}

}  // namespace ringside::bench
