#pragma once

#include <optional>
#include <string>

#include "tests/support/http_client.hpp"

namespace ringside::testing {

struct SseEvent {
    std::string type;
    std::string data;
};

/// Behaves like an `EventSource`: requests a stream of server-sent events, parses it, and stores
/// the last id.
class SseClient {
public:
    SseClient(std::uint16_t port, const std::string& target, const HttpHeaders& headers = {},
              int receive_bytes = 0)
        : socket_(port, receive_bytes) {
        std::string text = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n";
        for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
        socket_.send(text + "\r\n");
    }

    /// Returns the header lines of the response, which must have started.
    const std::string& head() {
        while (head_.empty()) {
            if (const std::size_t end = buffer_.find("\r\n\r\n"); end != std::string::npos) {
                head_ = buffer_.substr(0, end + 2);
                buffer_.erase(0, end + 4);
            } else if (!receive()) {
                throw std::runtime_error("the stream does not begin: " + buffer_);
            }
        }
        return head_;
    }

    /// Returns none at the end of the stream. Throws if nothing arrives.
    std::optional<SseEvent> next() {
        static_cast<void>(head());
        for (;;) {
            if (const std::size_t end = buffer_.find("\n\n"); end != std::string::npos) {
                const std::string block = buffer_.substr(0, end + 1);
                buffer_.erase(0, end + 2);
                if (auto event = parse(block)) return event;
            } else if (!receive()) {
                return std::nullopt;
            }
        }
    }
    /// Reads until an id arrives without an event: all changes before the watch have been
    /// delivered.
    const std::string& settle() {
        static_cast<void>(head());
        has_settled_ = false;
        while (!has_settled_) {
            const std::size_t end = buffer_.find("\n\n");
            if (end == std::string::npos) {
                if (!receive()) throw std::runtime_error("the stream has ended");
                continue;
            }
            const std::string block = buffer_.substr(0, end + 1);
            buffer_.erase(0, end + 2);
            if (const auto event = parse(block)) {
                throw std::runtime_error("not awaited: " + event->data);
            }
        }
        return last_id_;
    }

    [[nodiscard]] const std::string& last_id() const noexcept { return last_id_; }

private:
    bool receive() {
        const auto some = socket_.receive();
        if (!some) throw std::runtime_error("nothing comes; so far: " + buffer_);
        buffer_ += *some;
        return !some->empty();
    }

    std::optional<SseEvent> parse(const std::string& block) {
        SseEvent event;
        bool has_id = false;
        for (std::size_t at = 0; at < block.size();) {
            const std::size_t end = block.find('\n', at);
            const std::string line = block.substr(at, end - at);
            at = end + 1;
            const auto value = [&](const std::string& field) -> std::optional<std::string> {
                if (!line.starts_with(field + ": ")) return std::nullopt;
                return line.substr(field.size() + 2);
            };
            if (const auto type = value("event")) event.type = *type;
            else if (const auto data = value("data")) event.data += *data;
            else if (const auto id = value("id")) last_id_ = *id, has_id = true;
            else if (!line.starts_with(':')) throw std::runtime_error("a strange line: " + line);
        }
        if (!event.data.empty()) return event;
        has_settled_ = has_id;
        return std::nullopt;
    }

    RawSocket socket_;
    std::string head_;
    std::string buffer_;
    std::string last_id_;
    bool has_settled_ = false;
};

}  // namespace ringside::testing
