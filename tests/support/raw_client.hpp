#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <optional>
#include <span>
#include <string>

#include "shm/base/descriptor.hpp"
#include "shm/lane/session_memory.hpp"
#include "shm/protocol/handshake.hpp"
#include "shm/protocol/packet.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::testing {

/// A connection to a broker's socket on which a test can send anything.
class RawClient {
public:
    explicit RawClient(const std::string& grid)
        : socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = shm::GridPaths::of(grid).value().socket_path;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        is_connected_ = connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address),
                                sizeof address) == 0;
    }
    ~RawClient() {
        if (memory_ != nullptr) munmap(memory_, shm::session_memory_bytes);
    }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    static shm::Hello hello() {
        shm::Hello hello;
        hello.layout = shm::layout_version;
        hello.fingerprint = shm::layout_fingerprint();
        hello.name = {'r', 'a', 'w'};
        return hello;
    }

    [[nodiscard]] bool is_connected() const noexcept { return is_connected_; }

    bool send(const void* bytes, std::size_t size) const {
        return ::send(socket_.get(), bytes, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size);
    }
    bool send_with(const void* bytes, std::size_t size, std::span<const int> descriptors) const {
        return shm::send_packet(socket_.get(), bytes, size, descriptors);
    }
    bool say(const shm::Hello& hello) const { return send(&hello, sizeof hello); }

    /// Returns the next packet as a T, and takes its descriptors. Returns none if the packet is not
    /// a T, the broker closed the connection, or nothing arrived in time.
    template <class T>
    std::optional<T> receive(std::chrono::milliseconds within = std::chrono::seconds(60)) {
        if (!wait(within)) return std::nullopt;
        T packet;
        shm::Packet got = shm::receive_packet(socket_.get(), &packet, sizeof packet);
        if (got.size != sizeof packet) return std::nullopt;
        if (got.descriptors[0].is_open()) {
            memory_descriptor = std::move(got.descriptors[0]);
            doorbell = std::move(got.descriptors[1]);
        }
        return packet;
    }

    /// Returns whether the broker closes the connection within this time without sending anything.
    bool is_closed_within(std::chrono::milliseconds time) const {
        char byte = 0;
        return wait(time) && recv(socket_.get(), &byte, 1, MSG_DONTWAIT) <= 0;
    }

    /// Returns whether the broker has already closed the connection.
    [[nodiscard]] bool is_closed() const { return is_closed_within(std::chrono::milliseconds(0)); }

    /// Sends a Hello like a client. Returns false if the broker refuses.
    bool attach() {
        if (!is_connected_ || !say(hello())) return false;
        const auto answer = receive<shm::Welcome>();
        if (!answer || answer->error != 0) return false;
        welcome = *answer;
        return map();
    }

    [[nodiscard]] shm::SessionMemoryView memory() const {
        return shm::SessionMemoryView(static_cast<std::byte*>(memory_));
    }
    void ring() const {
        const std::uint64_t one = 1;
        static_cast<void>(!write(doorbell.get(), &one, sizeof one));
    }
    void hang_up() { socket_ = Descriptor(); }

    shm::Welcome welcome;
    Descriptor memory_descriptor;
    Descriptor doorbell;

private:
    [[nodiscard]] bool wait(std::chrono::milliseconds time) const {
        pollfd ready{socket_.get(), POLLIN, 0};
        return poll(&ready, 1, static_cast<int>(time.count())) == 1;
    }
    bool map() {
        memory_ = mmap(nullptr, shm::session_memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                       memory_descriptor.get(), 0);
        if (memory_ == MAP_FAILED) memory_ = nullptr;
        return memory_ != nullptr;
    }

    Descriptor socket_;
    bool is_connected_ = false;
    void* memory_ = nullptr;
};

}  // namespace ringside::testing
