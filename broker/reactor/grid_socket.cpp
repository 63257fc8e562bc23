#include "broker/reactor/grid_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "broker/runtime_file.hpp"

namespace ringside::broker {

Result<Descriptor> GridSocket::listen(const std::string& path) {
    const auto failure = [&](const std::string& what) {
        return Error(Errc::system_error, what + ": " + std::strerror(errno));
    };
    Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.is_open()) return failure("socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (auto cleared = clear_path(path); !cleared) return cleared.error();
    if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return failure(path);
    }
    struct stat bound {};
    if (chmod(path.c_str(), 0666) != 0 || lstat(path.c_str(), &bound) != 0 ||
        ::listen(socket.get(), SOMAXCONN) != 0) {
        return failure(path);
    }
    path_ = path;
    device_ = bound.st_dev;
    inode_ = bound.st_ino;
    return socket;
}

GridSocket::Place GridSocket::place() const noexcept {
    struct stat there {};
    if (lstat(path_.c_str(), &there) != 0) return Place::missing;
    return there.st_dev == device_ && there.st_ino == inode_ ? Place::own : Place::foreign;
}

void GridSocket::remove() noexcept {
    if (!path_.empty() && place() == Place::own) unlink(path_.c_str());
    path_.clear();
}

}  // namespace ringside::broker
