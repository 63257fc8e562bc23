#include "shm/segment/grid_paths.hpp"

#include <pwd.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "shm/base/limits.hpp"

namespace ringside::shm {

namespace {

constexpr const char* shared_directory = "/dev/shm";
constexpr const char* system_directory = "/run/ringside";

bool is_private_directory(const std::string& path, uid_t owner) {
    struct stat there {};
    constexpr mode_t writable_by_others = S_IWGRP | S_IWOTH;
    return lstat(path.c_str(), &there) == 0 && S_ISDIR(there.st_mode) && there.st_uid == owner &&
           (there.st_mode & writable_by_others) == 0;
}

std::string session_directory() {
    const char* named = secure_getenv("XDG_RUNTIME_DIR");
    return named != nullptr && named[0] == '/' ? named : "";
}

std::string lock_in(const std::string& directory, const std::string& grid) {
    return directory + "/ringside-lock." + grid;
}
std::string socket_in(const std::string& directory, const std::string& grid) {
    return directory + "/ringside-socket." + grid;
}

bool fits_socket_address(const std::string& directory, const std::string& grid) {
    return socket_in(directory, grid).size() < sizeof(sockaddr_un::sun_path);
}

/// Returns the directory for the files of this user's broker.
std::string placement(const std::string& grid, uid_t owner) {
    for (const std::string& directory : {std::string(system_directory), session_directory()}) {
        if (directory.empty() || !is_private_directory(directory, owner)) continue;
        if (fits_socket_address(directory, grid)) return directory;
    }
    return shared_directory;
}

bool has_file_of(const std::string& path, uid_t owner) {
    struct stat there {};
    return lstat(path.c_str(), &there) == 0 && there.st_uid == owner;
}

std::string runtime_directory(const std::string& grid, uid_t owner) {
    std::string of_user = "/run/user/" + std::to_string(owner);
    for (const std::string& directory :
         {std::string(system_directory), session_directory(), of_user}) {
        if (directory.empty() || !is_private_directory(directory, owner)) continue;
        if (has_file_of(lock_in(directory, grid), owner) ||
            has_file_of(socket_in(directory, grid), owner)) {
            return directory;
        }
    }
    if (has_file_of(lock_in(shared_directory, grid), owner) ||
        has_file_of(socket_in(shared_directory, grid), owner)) {
        return shared_directory;
    }
    // Another user's directory cannot be searched: the attempt to connect reports that.
    if (owner != geteuid() && access(of_user.c_str(), F_OK) == 0 &&
        access(of_user.c_str(), X_OK) != 0) {
        return of_user;
    }
    return placement(grid, owner);
}

Result<uid_t> user_of(const std::string& text) {
    uid_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed == std::errc() && end == text.data() + text.size()) return number;
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> buffer(16'384);
    if (getpwnam_r(text.c_str(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
        found != nullptr) {
        return entry.pw_uid;
    }
    return Error(Errc::bad_configuration, "RINGSIDE_OWNER names an unknown user: '" + text + "'");
}

}  // namespace

Result<GridPaths> GridPaths::of(std::string_view grid, uid_t owner) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    };
    if (grid.empty() || grid.size() > limits::grid_name_bytes_max)
        return Error(Errc::bad_grid_name);
    for (const char c : grid) {
        if (!allowed(c)) return Error(Errc::bad_grid_name, std::string(grid));
    }
    const std::string name(grid);
    const std::string directory = runtime_directory(name, owner);
    return GridPaths{"ringside." + name, std::string(shared_directory) + "/ringside." + name,
                     lock_in(directory, name), socket_in(directory, name)};
}

Result<GridPaths> GridPaths::of(std::string_view grid) {
    struct stat segment {};
    const std::string path = std::string(shared_directory) + "/ringside." + std::string(grid);
    const bool has_segment = grid.find('/') == std::string_view::npos &&
                             lstat(path.c_str(), &segment) == 0 && S_ISREG(segment.st_mode);
    return of(grid, has_segment ? segment.st_uid : geteuid());
}

std::string ownership_fault(const struct stat& file, uid_t owner) {
    if (!S_ISREG(file.st_mode)) return "is not a regular file";
    if (file.st_uid != owner) {
        return "belongs to user " + std::to_string(file.st_uid) + ", not to user " +
               std::to_string(owner);
    }
    if (file.st_nlink > 1) return "has more than one hard link";
    if ((file.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        char mode[8];
        std::snprintf(mode, sizeof mode, "%04o", file.st_mode & 07777U);
        return std::string("is writable by other users (mode ") + mode + ")";
    }
    return {};
}

Result<void> check_grid_owner(std::string_view grid, uid_t owner, std::optional<uid_t> expected) {
    const auto foreign = [&](const std::string& wanted) {
        return Error(Errc::foreign_grid, "grid '" + std::string(grid) + "' belongs to user " +
                                             std::to_string(owner) + ", expected " + wanted);
    };
    if (!expected) {
        const char* named = secure_getenv("RINGSIDE_OWNER");
        if (named != nullptr && named[0] != '\0') {
            auto user = user_of(named);
            if (!user) return user.error();
            expected = *user;
        }
    }
    if (expected) {
        if (owner == *expected) return {};
        return foreign("user " + std::to_string(*expected));
    }
    if (owner == geteuid() || owner == 0) return {};
    struct stat system {};
    if (lstat(system_directory, &system) == 0 && S_ISDIR(system.st_mode) &&
        system.st_uid == owner) {
        return {};
    }
    return foreign("user " + std::to_string(geteuid()) +
                   " or root; set RINGSIDE_OWNER to accept that user");
}

}  // namespace ringside::shm
