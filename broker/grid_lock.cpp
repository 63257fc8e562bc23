#include "broker/grid_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ringside::broker {

namespace {

std::string owner_of(int file) {
    char text[32] = {};
    return pread(file, text, sizeof text - 1, 0) > 0 ? text : "unknown";
}

}  // namespace

Result<GridLock> GridLock::take(const std::string& path) { return take(path, Patience::none); }

Result<GridLock> GridLock::wait(const std::string& path) { return take(path, Patience::endless); }

Result<GridLock> GridLock::take(const std::string& path, Patience patience) {
    for (;;) {
        Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
        if (!file.is_open()) {
            const Errc code = errno == EACCES ? Errc::permission_denied : Errc::system_error;
            return Error(code, path + ": " + std::strerror(errno));
        }
        if (flock(file.get(), LOCK_EX | (patience == Patience::none ? LOCK_NB : 0)) != 0) {
            if (errno == EINTR) continue;
            if (errno == EWOULDBLOCK)
                return Error(Errc::grid_in_use, "by the broker with pid " + owner_of(file.get()));
            return Error(Errc::system_error, path + ": " + std::strerror(errno));
        }
        // The owner before us may have removed the file between our open and our lock.
        struct stat ours {};
        struct stat there {};
        if (fstat(file.get(), &ours) != 0 || stat(path.c_str(), &there) != 0 ||
            ours.st_ino != there.st_ino) {
            continue;
        }
        const std::string pid = std::to_string(getpid());
        if (ftruncate(file.get(), 0) != 0 ||
            pwrite(file.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
            return Error(Errc::system_error, path + ": " + std::strerror(errno));
        }
        return GridLock(std::move(file), path);
    }
}

void GridLock::remove() const noexcept { unlink(path_.c_str()); }

}  // namespace ringside::broker
