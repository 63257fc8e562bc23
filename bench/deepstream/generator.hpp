#pragma once

#include <sys/epoll.h>

#include <array>
#include <deque>
#include <stdexcept>

#include "bench/deepstream/connection.hpp"

namespace ringside::bench {

/// Connections to a server that one thread serves. It sleeps until messages arrive, processes all
/// of them, and then sends everything that has become due.
class Generator {
public:
    Generator(std::uint16_t port, std::size_t connections) : poll_(epoll_create1(EPOLL_CLOEXEC)) {
        for (std::size_t i = 0; i < connections; ++i) {
            epoll_event wanted{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.u64 = i}};
            const int socket = connections_.emplace_back(port).socket();
            if (epoll_ctl(poll_.get(), EPOLL_CTL_ADD, socket, &wanted) != 0)
                throw std::runtime_error("cannot create epoll");
        }
    }
    [[nodiscard]] Connection& operator[](std::size_t i) { return connections_[i]; }

    /// Queues a frame to be sent after all received messages are processed.
    void send(std::size_t connection, std::string_view frame) {
        connections_[connection].add(frame);
        due_.push_back(connection);
    }

    /// Runs until `is_done()`. Passes received messages to `take(connection, message)`.
    template <class Take, class IsDone>
    void run(Take take, IsDone is_done) {
        flush();
        while (!is_done()) {
            std::array<epoll_event, batch> ready;
            const int count = epoll_wait(poll_.get(), ready.data(), batch, patience_ms);
            if (count == 0) throw std::runtime_error("no answer from the server");
            for (int i = 0; i < count; ++i) {
                const std::size_t connection = ready[static_cast<std::size_t>(i)].data.u64;
                connections_[connection].receive(
                    [&](const Incoming& message) { take(connection, message); });
                // Frames that did not fit before may fit now.
                connections_[connection].flush();
            }
            flush();
        }
    }

private:
    static constexpr int patience_ms = 30'000;
    static constexpr int batch = 64;

    void flush() {
        for (const std::size_t connection : due_) connections_[connection].flush();
        due_.clear();
    }

    Descriptor poll_;
    std::deque<Connection> connections_;
    std::vector<std::size_t> due_;
};

}  // namespace ringside::bench
