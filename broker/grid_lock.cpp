#include "broker/grid_lock.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "broker/runtime_file.hpp"
#include "shm/segment/grid_paths.hpp"

namespace ringside::broker {

namespace {

std::string owner_of(int file) {
    char text[32] = {};
    return pread(file, text, sizeof text - 1, 0) > 0 ? text : "unknown";
}

Error lock_failure(const std::string& path) {
    const Errc code = errno == EACCES ? Errc::permission_denied : Errc::system_error;
    return {code, path + ": " + std::strerror(errno)};
}

/// Opens or creates the lock file. Removes a file of another user unless another process holds it
/// as a lock: such a file never was the lock of this user's grid.
/// Errors: grid_in_use, foreign_grid, permission_denied, system_error.
Result<Descriptor> open_own(const std::string& path) {
    for (;;) {
        // Without O_CREAT: the kernel may refuse it for another user's file (fs.protected_regular).
        Descriptor file(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        struct stat there {};
        if (file.is_open() && fstat(file.get(), &there) == 0) {
            const std::string fault = shm::ownership_fault(there, geteuid());
            if (fault.empty()) return file;
            if (S_ISREG(there.st_mode) && flock(file.get(), LOCK_EX | LOCK_NB) != 0 &&
                errno == EWOULDBLOCK) {
                return Error(Errc::grid_in_use, std::string("a process holds the lock file ")
                                                    .append(path)
                                                    .append(", which ")
                                                    .append(fault));
            }
            spdlog::warn("lock file replaced: {} {}", path, fault);
            if (auto cleared = clear_path(path); !cleared) return cleared.error();
            continue;
        }
        if (!file.is_open() && errno == ENOENT) {
            file = Descriptor(
                open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640));
            if (file.is_open()) return file;
            if (errno == EEXIST) continue;  // another broker created it, or a dangling link
            return lock_failure(path);
        }
        if (errno != EACCES && errno != ELOOP && errno != EISDIR && errno != ENXIO) {
            return lock_failure(path);
        }
        spdlog::warn("lock file replaced: {}: {}", path, std::strerror(errno));
        if (auto cleared = clear_path(path); !cleared) return cleared.error();
    }
}

}  // namespace

Result<GridLock> GridLock::take(const std::string& path) { return take(path, Patience::none); }

Result<GridLock> GridLock::wait(const std::string& path) { return take(path, Patience::endless); }

Result<GridLock> GridLock::take(const std::string& path, Patience patience) {
    for (;;) {
        auto opened = open_own(path);
        if (!opened) return opened.error();
        const Descriptor& file = *opened;
        if (flock(file.get(), LOCK_EX | (patience == Patience::none ? LOCK_NB : 0)) != 0) {
            if (errno == EINTR) continue;
            if (errno == EWOULDBLOCK)
                return Error(Errc::grid_in_use,
                             "held by the broker with pid " + owner_of(file.get()));
            return Error(Errc::system_error, path + ": " + std::strerror(errno));
        }
        // The previous owner may have removed the file between `open` and `flock`.
        if (!is_file_at(file.get(), path)) continue;
        // The pid is informative only: a full /dev/shm must not block the start of a broker.
        const std::string pid = std::to_string(getpid());
        if (ftruncate(file.get(), 0) != 0 ||
            pwrite(file.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
            spdlog::warn("cannot write the pid to lock file {}: {}", path, std::strerror(errno));
        }
        return GridLock(std::move(*opened), path);
    }
}

void GridLock::remove() const noexcept {
    if (is_file_at(file_.get(), path_)) unlink(path_.c_str());
}

}  // namespace ringside::broker
