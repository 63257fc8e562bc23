#include "broker/runtime_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ringside::broker {

namespace {

Error in_the_way(const std::string& path) {
    const std::string why = std::strerror(errno);
    struct stat there {};
    const std::string whose =
        lstat(path.c_str(), &there) == 0
            ? " belongs to user " + std::to_string(there.st_uid) + " and cannot be removed: "
            : " cannot be removed: ";
    return {Errc::foreign_grid, path + whose + why + "; remove it, or use another grid name"};
}

}  // namespace

bool is_file_at(int file, const std::string& path) noexcept {
    struct stat open {};
    struct stat named {};
    return fstat(file, &open) == 0 && lstat(path.c_str(), &named) == 0 &&
           open.st_ino == named.st_ino && open.st_dev == named.st_dev;
}

Result<void> clear_path(const std::string& path) {
    struct stat there {};
    if (lstat(path.c_str(), &there) != 0) return {};
    if (unlink(path.c_str()) == 0 || errno == ENOENT) return {};
    if (errno == EISDIR && rmdir(path.c_str()) == 0) return {};
    return in_the_way(path);
}

Result<std::string> set_aside(const std::string& path, const std::string& suffix) {
    for (unsigned number = 1;; ++number) {
        std::string aside = path;
        aside.append(".").append(suffix);
        if (number > 1) aside += "." + std::to_string(number);
        if (renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, aside.c_str(), RENAME_NOREPLACE) == 0) {
            return aside;
        }
        if (errno == EEXIST) continue;
        if (errno == EPERM || errno == EACCES) return in_the_way(path);
        return Error(Errc::system_error, path + ": " + std::strerror(errno));
    }
}

Result<void> move_back(const std::string& aside, const std::string& path) {
    if (renameat2(AT_FDCWD, aside.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) {
        return {};
    }
    return Error(Errc::system_error, aside + ": " + std::strerror(errno));
}

}  // namespace ringside::broker
