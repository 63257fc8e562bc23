#include "broker/succession.hpp"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <thread>

#include "broker/daemon/service_manager.hpp"
#include "shm/protocol/handshake.hpp"

namespace ringside::broker {

namespace {

/// Maximum time for the owner's last turn, last batch and exit.
constexpr std::chrono::seconds hand_over_time{60};

/// During its lifetime, SIGTERM and SIGINT end the process, which holds nothing that needs cleanup.
class EndedBySignals {
public:
    EndedBySignals() {
        struct sigaction action {};
        action.sa_handler = [](int) { _exit(0); };
        sigaction(SIGTERM, &action, &term_);
        sigaction(SIGINT, &action, &interrupt_);
    }
    ~EndedBySignals() {
        sigaction(SIGTERM, &term_, nullptr);
        sigaction(SIGINT, &interrupt_, nullptr);
    }
    EndedBySignals(const EndedBySignals&) = delete;
    EndedBySignals& operator=(const EndedBySignals&) = delete;

private:
    struct sigaction term_ {};
    struct sigaction interrupt_ {};
};

Result<GridLock> stand_by(const Options& options, const shm::GridPaths& paths) {
    const EndedBySignals signals;
    spdlog::info("standing by for grid '{}'", options.grid);
    std::printf("standby grid=%s pid=%d\n", options.grid.c_str(), static_cast<int>(getpid()));
    std::fflush(stdout);
    daemon::notify_ready("Standing by for grid " + options.grid);
    return GridLock::wait(paths.lock_path);
}

/// Requests a hand-over. Returns true if the owner has stopped serving, false if there is none.
Result<bool> ask_to_hand_over(const shm::GridPaths& paths) {
    const Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return Error(Errc::system_error, std::strerror(errno));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    paths.socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (errno == ENOENT || errno == ECONNREFUSED) return false;
        return Error(Errc::system_error, paths.socket_path + ": " + std::strerror(errno));
    }
    ucred owner{};
    socklen_t owner_bytes = sizeof owner;
    if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &owner, &owner_bytes) != 0 ||
        owner.uid != geteuid()) {
        return Error(Errc::foreign_grid,
                     "a process of another user listens at " + paths.socket_path);
    }
    shm::TakeOverRequest request;
    request.layout = shm::layout_version;
    request.fingerprint = shm::layout_fingerprint();
    if (send(socket.get(), &request, sizeof request, MSG_NOSIGNAL) !=
        static_cast<ssize_t>(sizeof request)) {
        return false;
    }
    pollfd answer{socket.get(), POLLIN, 0};
    const auto limit = std::chrono::milliseconds(hand_over_time).count();
    if (poll(&answer, 1, static_cast<int>(limit)) <= 0) {
        return Error(Errc::timed_out, "no answer from the grid's broker");
    }
    shm::Goodbye goodbye;
    const ssize_t got = recv(socket.get(), &goodbye, sizeof goodbye, 0);
    // A peer without a role is refused with a Welcome.
    if (got == static_cast<ssize_t>(sizeof(shm::Welcome))) return Error(Errc::permission_denied);
    if (got != static_cast<ssize_t>(sizeof goodbye)) return true;  // the owner died
    if (goodbye.error == 0) return true;
    goodbye.detail.back() = '\0';
    return Error(static_cast<Errc>(goodbye.error), goodbye.detail.data());
}

Result<GridLock> ask_and_take(const shm::GridPaths& paths) {
    const auto deadline = std::chrono::steady_clock::now() + hand_over_time;
    for (;;) {
        auto lock = GridLock::take(paths.lock_path);
        if (lock || !(lock.error() == Errc::grid_in_use)) return lock;
        auto asked = ask_to_hand_over(paths);
        if (!asked) return asked.error();
        // The owner exits after its answer. A standby broker may take the lock first; it is then
        // asked.
        if (std::chrono::steady_clock::now() > deadline) {
            return Error(Errc::timed_out, "the grid's broker does not hand over");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

}  // namespace

Result<GridLock> take_grid(const Options& options, const shm::GridPaths& paths) {
    switch (options.succession) {
        case Options::Succession::standby: return stand_by(options, paths);
        case Options::Succession::take_over: return ask_and_take(paths);
        case Options::Succession::refuse: break;
    }
    return GridLock::take(paths.lock_path);
}

}  // namespace ringside::broker
