#include "greeting.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <thread>

#include "shm/protocol/packet.hpp"

namespace ringside::detail {

namespace {

using shm::Deadline;

/// Polls one socket. Returns false if it is not ready before the deadline.
bool is_readable(int socket, Deadline deadline) {
    for (;;) {
        pollfd waiting{socket, POLLIN, 0};
        const auto left = std::min(deadline.left_ms(), std::chrono::milliseconds(INT_MAX));
        const int ready = poll(&waiting, 1, static_cast<int>(left.count()));
        if (ready > 0) return true;
        // A signal ends `poll` early. Only the deadline ends the wait.
        if (ready == 0 && deadline.has_passed()) return false;
        if (ready < 0 && (errno != EINTR || deadline.has_passed())) return false;
    }
}

/// A socket whose connection queue is full returns EAGAIN; there is no way to wait for room.
Result<void> connect_until(int socket, const std::string& path, Deadline deadline) {
    constexpr std::chrono::milliseconds pause{2};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const auto* name = reinterpret_cast<const sockaddr*>(&address);
    while (connect(socket, name, sizeof address) != 0) {
        if (errno == EACCES || errno == EPERM)
            return Error(
                Errc::permission_denied,
                "this user cannot open the broker's socket; ask to join the broker's group");
        const bool may_pass = errno == EAGAIN || errno == EINTR;
        if (!may_pass || deadline.has_passed())
            return Error(Errc::no_broker, path + ": " + std::strerror(errno));
        if (errno == EAGAIN) std::this_thread::sleep_for(pause);
    }
    return {};
}

/// Anybody can create a socket of that name, so the listening process must belong to the segment's
/// owner.
Result<void> check_owner(int socket, uid_t owner) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return Error(Errc::no_broker, "the grid is shutting down");
    if (peer.uid != owner)
        return Error(Errc::no_broker, "the socket and the segment belong to different users");
    return {};
}

}  // namespace

Result<Greeting> Greeting::begin(const shm::GridPaths& paths, uid_t owner, const shm::Hello& hello,
                                 std::span<const int> sent, Deadline deadline) {
    Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket.get() < 0)
        return Error(Errc::system_error, std::string("socket: ") + std::strerror(errno));
    if (auto connected = connect_until(socket.get(), paths.socket_path, deadline); !connected)
        return connected.error();
    if (auto checked = check_owner(socket.get(), owner); !checked) return checked.error();
    // A broker that refuses a user answers and closes the connection before it receives a Hello.
    const bool is_sent = shm::send_packet(socket.get(), &hello, sizeof hello, sent);
    if (!is_sent && errno != EPIPE && errno != ECONNRESET)
        return Error(Errc::no_broker, "cannot send the greeting");
    return Greeting(std::move(socket), is_sent);
}

Result<shm::Welcome> Greeting::await(Descriptors& received, Deadline deadline) const {
    if (!is_readable(socket_.get(), deadline)) return Error(Errc::would_block, "no answer yet");
    shm::Welcome welcome;
    shm::Packet packet = shm::receive_packet(socket_.get(), &welcome, sizeof welcome);
    if (packet.size < 0 && errno == ECONNRESET)  // for the Hello; an answer can follow
        packet = shm::receive_packet(socket_.get(), &welcome, sizeof welcome);
    if (packet.size <= 0) return Error(Errc::no_broker, "the broker closed the connection");
    if (packet.size != sizeof welcome || welcome.magic != shm::handshake_magic)
        return Error(Errc::no_broker, "invalid answer to the greeting");
    if (welcome.error != 0) return Error(static_cast<Errc>(welcome.error));
    if (!is_sent_) return Error(Errc::no_broker, "the broker closed the connection");
    received = std::move(packet.descriptors);
    return welcome;
}

}  // namespace ringside::detail
