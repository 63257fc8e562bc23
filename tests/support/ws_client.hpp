#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <stdexcept>
#include <string>

#include "ringside/record.hpp"

namespace ringside::testing {

/// A blocking WebSocket client; waits at most 60 s for a message. Throws on errors.
class WsClient {
public:
    explicit WsClient(std::uint16_t port, const std::string& target = "/v1/ws",
                      const std::string& origin = {}) {
        auto& socket = stream_.next_layer();
        socket.connect({boost::asio::ip::address_v4::loopback(), port});
        const timeval deadline{.tv_sec = 60, .tv_usec = 0};
        setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
        if (!origin.empty()) {
            stream_.set_option(boost::beast::websocket::stream_base::decorator(
                [origin](boost::beast::websocket::request_type& request) {
                    request.set(boost::beast::http::field::origin, origin);
                }));
        }
        stream_.handshake("127.0.0.1:" + std::to_string(port), target);
    }

    void send(const std::string& text) {
        stream_.text(true);
        stream_.write(boost::asio::buffer(text));
    }
    void send_binary(const std::string& bytes) {
        stream_.binary(true);
        stream_.write(boost::asio::buffer(bytes));
    }
    /// Returns the next message of any kind.
    std::string receive() {
        boost::beast::flat_buffer buffer;
        stream_.read(buffer);
        return {static_cast<const char*>(buffer.cdata().data()), buffer.size()};
    }

    /// Reads frames until one contains `text`, answers no pings, and returns their number.
    /// Afterwards the client cannot receive messages.
    std::size_t pings_until(const std::string& text) {
        constexpr unsigned char ping = 0x89;
        std::size_t pings = 0;
        std::string bytes;
        for (std::size_t at = 0;;) {
            const auto needs = [&](std::size_t count) {
                while (bytes.size() < at + count) {
                    char part[4096];
                    const std::size_t got =
                        stream_.next_layer().read_some(boost::asio::buffer(part));
                    bytes.append(part, got);
                }
            };
            const auto byte = [&](std::size_t place) {
                return static_cast<unsigned char>(bytes[at + place]);
            };
            needs(4);
            std::size_t header = 2;
            std::size_t size = byte(1);
            if (size > 126) throw std::runtime_error("a frame of more than 65535 bytes");
            if (size == 126) {
                header = 4;
                size = std::size_t{byte(2)} << 8U | byte(3);
            }
            needs(header + size);
            if (byte(0) == ping) ++pings;
            if (bytes.substr(at + header, size).find(text) != std::string::npos) return pings;
            at += header + size;
        }
    }

    /// Returns the next message with a member `id`, which is an answer. Queues others for `told`.
    std::string answer() {
        for (;;) {
            std::string text = receive();
            if (Document::parse(text).value().root()["id"].exists()) return text;
            told_.push_back(std::move(text));
        }
    }
    /// Sends a request, and waits for its answer.
    std::string ask(const std::string& request) {
        send(request);
        return answer();
    }
    /// Returns whether a message that is not an answer has arrived before an answer.
    [[nodiscard]] bool has_told() const noexcept { return !told_.empty(); }
    /// Returns the next message that is not an answer.
    std::string told() {
        if (told_.empty()) return receive();
        std::string text = std::move(told_.front());
        told_.pop_front();
        return text;
    }

    /// Reads until the peer closes the connection. Returns the close code.
    unsigned close_code() {
        boost::beast::flat_buffer buffer;
        boost::system::error_code failed;
        while (!failed) stream_.read(buffer, failed);
        return stream_.reason().code;
    }

private:
    boost::asio::io_context context_;
    boost::beast::websocket::stream<boost::asio::ip::tcp::socket> stream_{context_};
    std::deque<std::string> told_;
};

}  // namespace ringside::testing
