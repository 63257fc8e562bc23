#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "broker/reactor/reactor.hpp"
#include "shm/protocol/packet.hpp"

/// Accepts connections: from the listening socket to the greeting.
namespace ringside::broker {

namespace {

/// Maximum number of connections accepted in a row. Further ones wait until the reactor has served
/// its other peers, so that a flood of connections cannot starve them.
constexpr int accepted_in_a_row_max = 64;

/// Pause in accepting after the process ran out of descriptors.
constexpr std::chrono::milliseconds accept_pause{200};

Error credentials_failure(const char* what) {
    return {Errc::system_error, std::string(what) + ": " + std::strerror(errno)};
}

Result<Credentials> credentials_of(int socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return credentials_failure("SO_PEERCRED");
    Credentials credentials{static_cast<std::uint32_t>(peer.pid), peer.uid, peer.gid, {}};
    socklen_t bytes = 0;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, nullptr, &bytes) != 0 && errno == ERANGE) {
        credentials.groups.resize(bytes / sizeof(gid_t));
        if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, credentials.groups.data(), &bytes) != 0) {
            return credentials_failure("SO_PEERGROUPS");
        }
    }
    return credentials;
}

}  // namespace

Result<void> Reactor::listen() {
    auto socket = socket_.listen(paths_.socket_path);
    if (!socket) return socket.error();
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    acceptor_.assign(socket->release());
    accept();
    return {};
}

void Reactor::accept() {
    acceptor_.async_wait(Stream::wait_read, [this](const boost::system::error_code& error) {
        if (!error) accept_all();
    });
}

void Reactor::accept_all() {
    for (int accepted = 0;;) {
        if (accepted == accepted_in_a_row_max) return accept();
        const int descriptor =
            accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor >= 0) {
            admit(descriptor);
            ++accepted;
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            is_paused_ = false;
            return accept();
        }
        if (!is_paused_)
            spdlog::warn("cannot accept connections: {}; retrying", std::strerror(errno));
        is_paused_ = true;
        pause_.expires_after(accept_pause);
        pause_.async_wait([this](const boost::system::error_code& error) {
            if (!error) accept_all();
        });
        return;
    }
}

void Reactor::admit(int descriptor) {
    const ConnectionId id = ++next_connection_;
    Connection& peer =
        *connections_.emplace(id, std::make_unique<Connection>(context_, descriptor)).first->second;
    auto credentials = credentials_of(descriptor);
    if (!credentials) return drop(id);
    peer.credentials = std::move(*credentials);
    peer.id = id;
    peer.access = options_.access_of(peer.credentials);
    if (peer.access.role == shm::Role::none) return turn_away(id);
    make_room_for(peer.credentials.uid);
    admission_.connected(id, peer.credentials.uid);
    peer.deadline.expires_after(options_.greeting_timeout);
    peer.deadline.async_wait([this, id](const boost::system::error_code& error) {
        const auto place = connections_.find(id);
        if (error || place == connections_.end() || place->second->session != 0) return;
        log_.line(daemon::FoldedLog::Level::info, "connection closed because it sent no greeting",
                  place->second->credentials.text());
        drop(id);
    });
    await(id);
}

/// Rejects a user without a role before reading its greeting.
void Reactor::turn_away(ConnectionId id) {
    Connection& peer = *connections_.at(id);
    log_.line(daemon::FoldedLog::Level::info, "connection refused",
              peer.credentials.text() + ": " + Error(Errc::permission_denied).text());
    // Closing a socket with unread data would discard the answer to the peer.
    const int socket = peer.socket.native_handle();
    ::shutdown(socket, SHUT_RD);
    std::array<std::byte, sizeof(shm::Hello)> unread{};
    while (shm::receive_packet(socket, unread.data(), unread.size(), MSG_DONTWAIT).size > 0) {
    }
    refuse(peer, Error(Errc::permission_denied));
    drop(id);
}

/// Drops connections without a greeting until the user has room. A connection whose greeting has
/// arrived is served instead.
void Reactor::make_room_for(std::uint32_t user) {
    while (const auto id = admission_.to_give_way(user)) {
        Connection& oldest = *connections_.at(*id);
        pollfd greeting{oldest.socket.native_handle(), POLLIN, 0};
        if (poll(&greeting, 1, 0) > 0) {
            oldest.socket.cancel();
            on_readable(*id);
            const bool is_served = !connections_.contains(*id) || oldest.session != 0;
            if (is_served || *id == successor_) continue;
        }
        log_.line(daemon::FoldedLog::Level::warning,
                  "connection closed because too many sent no greeting", oldest.credentials.text());
        ++waiting_dropped_;
        drop(*id);
    }
}

}  // namespace ringside::broker
