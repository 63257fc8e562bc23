#pragma once

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "shm/base/descriptor.hpp"
#include "shm/segment/segment.hpp"
#include "tests/support/process.hpp"
#include "tools/support/built_paths.hpp"

/// Variations of the host for tests: other users, other namespaces, small file systems.
namespace ringside::testing {

/// Maximum time to wait for an expected event. Reached only if the event never happens.
inline constexpr std::chrono::seconds long_enough{120};

/// A unique grid name. All files of the grid are removed at the end.
class GridFiles {
public:
    explicit GridFiles(const std::string& prefix = "host") {
        static std::atomic<int> count = 0;
        grid_ = prefix + "-" + std::to_string(getpid()) + "-" + std::to_string(++count);
        paths_ = shm::GridPaths::of(grid_, geteuid()).value();
    }
    ~GridFiles() {
        for (const std::string& path : {paths_.lock_path, paths_.socket_path}) discard(path);
        for (const std::string& path : segments()) discard(path);
    }
    GridFiles(const GridFiles&) = delete;
    GridFiles& operator=(const GridFiles&) = delete;

    [[nodiscard]] const std::string& grid() const noexcept { return grid_; }
    [[nodiscard]] const shm::GridPaths& paths() const noexcept { return paths_; }
    [[nodiscard]] const std::string& segment() const noexcept { return paths_.segment_path; }

    /// Returns the paths of the segment and of all segments that were set aside.
    [[nodiscard]] std::vector<std::string> segments() const {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
            const std::string path = entry.path();
            if (path == segment() || path.starts_with(segment() + ".")) found.push_back(path);
        }
        return found;
    }

    [[nodiscard]] std::vector<std::string> broker(std::vector<std::string> more = {}) const {
        std::vector<std::string> words{built::broker, "--grid", grid_, "--memory", "64MiB"};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }

private:
    static void discard(const std::string& path) {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }

    std::string grid_;
    shm::GridPaths paths_;
};

inline bool is_ready(Process& broker) {
    return broker.read_line(std::chrono::seconds(120)).starts_with("ready ");
}

/// Wraps a command to run as another user and group.
inline std::vector<std::string> as_user(uid_t user, gid_t group, std::vector<std::string> command) {
    std::vector<std::string> words{"/usr/bin/setpriv",    "--reuid",
                                   std::to_string(user),  "--regid",
                                   std::to_string(group), "--clear-groups"};
    words.insert(words.end(), command.begin(), command.end());
    return words;
}

/// Changes the user of this process. For a forked process.
inline void become(uid_t user, gid_t group) {
    if (setgroups(0, nullptr) != 0 || setgid(group) != 0 || setuid(user) != 0) {
        throw std::runtime_error("cannot become another user");
    }
}

/// Wraps a command to run with a private /dev/shm of this size ("20m").
inline std::vector<std::string> with_shared_memory(const std::string& size,
                                                   std::vector<std::string> command) {
    std::vector<std::string> words{
        "/usr/bin/unshare",
        "-m",
        "--propagation",
        "private",
        "/bin/sh",
        "-c",
        "mount -t tmpfs -o size=" + size + ",mode=1777 tmpfs /dev/shm && exec \"$0\" \"$@\""};
    words.insert(words.end(), command.begin(), command.end());
    return words;
}

/// Enters the mount namespace of a process. For a forked process.
inline void enter_mounts_of(pid_t process) {
    const std::string path = "/proc/" + std::to_string(process) + "/ns/mnt";
    const Descriptor space(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!space.is_open() || setns(space.get(), CLONE_NEWNS) != 0) {
        throw std::runtime_error("cannot enter the mounts of another process");
    }
}

/// Returns why a test of this kind cannot run here; empty if it can.
inline std::string cannot_become_others() { return geteuid() == 0 ? "" : "needs root"; }

inline std::string cannot_mount() {
    if (geteuid() != 0) return "needs root";
    Process trial(with_shared_memory("1m", {"/bin/true"}));
    return trial.finish(0) == 0 ? "" : "cannot mount a file system in a namespace of its own here";
}

}  // namespace ringside::testing
