#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace ringside::testing {

/// A control group with a memory limit, below the group of this process, for programs of a test.
/// Uses cgroup v2 where its memory controller is delegated to this process, otherwise v1. Removed
/// at the end of the test; its processes must have ended.
class MemoryGroup {
public:
    explicit MemoryGroup(std::uint64_t bytes) {
        std::ifstream mounts("/proc/self/mountinfo");
        for (std::string line; std::getline(mounts, line) && path_.empty();) create(line, bytes);
    }
    ~MemoryGroup() {
        // A process that has ended may still be in its group for a moment.
        for (int tries = 0; !path_.empty() && rmdir(path_.c_str()) != 0 && tries < 10'000;
             ++tries) {
            usleep(1000);
        }
    }
    MemoryGroup(const MemoryGroup&) = delete;
    MemoryGroup& operator=(const MemoryGroup&) = delete;

    /// Returns whether this process could create the group and set its limit.
    [[nodiscard]] bool exists() const noexcept { return !path_.empty(); }

    /// Wraps a command to run in the group.
    [[nodiscard]] std::vector<std::string> command(std::vector<std::string> words) const {
        std::vector<std::string> wrapped{"/bin/sh", "-c", "echo $$ >\"$0\" && exec \"$@\"",
                                         path_ + "/cgroup.procs"};
        wrapped.insert(wrapped.end(), words.begin(), words.end());
        return wrapped;
    }

private:
    /// Creates the group in the hierarchy that is mounted according to a line of mountinfo.
    void create(const std::string& line, std::uint64_t bytes) {
        // id parent device root mount options [optional…] - type source super-options
        std::istringstream words(line);
        std::string root;
        std::string mount;
        std::string word;
        words >> word >> word >> word >> root >> mount;
        while (words >> word && word != "-") {
        }
        std::string type;
        std::string options;
        words >> type >> word >> options;
        const bool is_second = type == "cgroup2";
        const bool has_memory =
            is_second || ("," + options + ",").find(",memory,") != std::string::npos;
        if (root != "/" || (type != "cgroup" && !is_second) || !has_memory) return;
        const std::string limit_file = is_second ? "memory.max" : "memory.limit_in_bytes";
        const std::string name = "ringside-test-" + std::to_string(getpid());
        std::filesystem::path parent = mount + own_path(is_second);
        parent = parent.lexically_normal();
        // In v2, a group with processes cannot delegate controllers: an ancestor may do so.
        for (; parent.native().size() >= mount.size(); parent = parent.parent_path()) {
            const std::string group = parent / name;
            if (mkdir(group.c_str(), 0755) != 0) continue;
            if (set_limit(group + "/" + limit_file, bytes)) {
                path_ = group;
                return;
            }
            rmdir(group.c_str());
        }
    }

    /// Returns the path of this process in its hierarchy.
    static std::string own_path(bool is_second) {
        std::ifstream groups("/proc/self/cgroup");
        for (std::string line; std::getline(groups, line);) {
            const std::size_t first = line.find(':');
            const std::size_t second = line.find(':', first + 1);
            const std::string controllers = line.substr(first + 1, second - first - 1);
            const bool is_it =
                is_second ? controllers.empty() && line.starts_with("0:")
                          : ("," + controllers + ",").find(",memory,") != std::string::npos;
            if (is_it) return line.substr(second + 1);
        }
        return {};
    }

    static bool set_limit(const std::string& file, std::uint64_t bytes) {
        if (!std::filesystem::exists(file)) return false;
        std::ofstream limit(file);
        limit << bytes << std::flush;
        return limit.good();
    }

    std::string path_;
};

}  // namespace ringside::testing
