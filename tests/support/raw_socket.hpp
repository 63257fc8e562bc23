#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "shm/base/descriptor.hpp"

namespace ringside::testing {

/// A TCP connection to a local port that sends exactly the bytes of the test.
class RawSocket {
public:
    /// `receive_bytes`: size of its receive buffer; 0: the system's default.
    explicit RawSocket(std::uint16_t port, int receive_bytes = 0)
        : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (receive_bytes != 0) {
            setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            throw std::runtime_error("nobody listens");
        }
    }

    /// Returns false if the peer has closed the connection.
    bool send(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    /// Shuts down the sending side. Reading continues.
    void finish_sending() const { ::shutdown(socket_.get(), SHUT_WR); }

    /// Returns received bytes; empty at the end of the connection. Returns none if nothing arrives
    /// in time.
    [[nodiscard]] std::optional<std::string> receive(
        std::chrono::milliseconds within = std::chrono::seconds(60)) const {
        pollfd ready{socket_.get(), POLLIN, 0};
        if (poll(&ready, 1, static_cast<int>(within.count())) != 1) return std::nullopt;
        char bytes[65536];
        const ssize_t got = recv(socket_.get(), bytes, sizeof bytes, 0);
        return std::string(bytes, got > 0 ? static_cast<std::size_t>(got) : 0);
    }
    /// Reads until the end of the connection. Throws if the connection stays open.
    [[nodiscard]] std::string read_to_end() const {
        for (std::string all;;) {
            const auto some = receive();
            if (!some) throw std::runtime_error("the connection does not end; so far: " + all);
            if (some->empty()) return all;
            all += *some;
        }
    }

    enum class Sending : std::uint8_t { stays_open, is_finished };
    /// Connects, sends these bytes, and returns everything that is sent before the peer closes.
    [[nodiscard]] static std::string exchange(std::uint16_t port, std::string_view bytes,
                                              Sending sending) {
        const RawSocket socket(port);
        socket.send(bytes);
        if (sending == Sending::is_finished) socket.finish_sending();
        return socket.read_to_end();
    }

private:
    Descriptor socket_;
};

}  // namespace ringside::testing
