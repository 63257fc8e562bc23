#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/support/raw_socket.hpp"

namespace ringside::testing {

/// Returns the beginning of a WebSocket text message (RFC 6455, 5.2), masked with zeros. It
/// announces this many bytes, more than 65,535, and contains `sent` spaces.
inline std::string beginning_of_message(std::uint64_t announced, std::size_t sent) {
    std::string frame = "\x81\xFF";
    for (int shift = 56; shift >= 0; shift -= 8) frame += static_cast<char>(announced >> shift);
    return frame + std::string(4, '\0') + std::string(sent, ' ');
}

/// Returns a complete text message of up to 125 bytes.
inline std::string short_message(std::string_view text) {
    std::string frame = "\x81";
    frame += static_cast<char>(0x80 | text.size());
    return (frame += std::string(4, '\0')) += text;
}

/// A WebSocket whose frames a test writes and reads itself.
class RawWebSocket : public RawSocket {
public:
    /// `receive_bytes`: see RawSocket.
    RawWebSocket(std::uint16_t port, const std::string& target, int receive_bytes = 0)
        : RawSocket(port, receive_bytes) {
        send("GET " + target +
             " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        const std::string answer = receive().value_or("");
        if (!answer.starts_with("HTTP/1.1 101 ")) throw std::runtime_error(answer);
    }

    /// Reads up to a close frame, the only data here with the byte 0x88. Returns its code, or 0 if
    /// the connection ends without one.
    [[nodiscard]] unsigned close_code() const {
        std::string all;
        for (;;) {
            const std::size_t at = all.find('\x88');
            if (at != std::string::npos && all.size() >= at + 4) {
                return static_cast<unsigned char>(all[at + 2]) * 256U +
                       static_cast<unsigned char>(all[at + 3]);
            }
            const auto more = receive();
            if (!more || more->empty()) return 0;
            all += *more;
        }
    }
};

}  // namespace ringside::testing
