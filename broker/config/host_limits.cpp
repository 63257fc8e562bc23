#include "broker/config/host_limits.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace ringside::broker {

namespace {

constexpr rlim_t descriptors_min = 32;

/// Value that the kernel shows for "no limit" in cgroup v1: the largest number of whole pages.
constexpr std::uint64_t unlimited_from = 1ULL << 60;

/// A mounted hierarchy: its visible part, its mount point, and the name of its limit files.
struct Hierarchy {
    std::string root;   ///< cgroup that is mounted
    std::string mount;  ///< mount point
    const char* limit_file;
    bool is_v1 = false;
};

std::vector<std::string> words_of(const std::string& line) {
    std::istringstream stream(line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(std::move(word));
    return words;
}

bool lists(const std::string& list, std::string_view wanted) {
    std::istringstream stream(list);
    for (std::string item; std::getline(stream, item, ',');) {
        if (item == wanted) return true;
    }
    return false;
}

std::vector<Hierarchy> hierarchies(const std::string& mounts) {
    std::vector<Hierarchy> found;
    std::ifstream file(mounts);
    for (std::string line; std::getline(file, line);) {
        // ID parent major:minor root mount options ... - type source super-options
        const std::vector<std::string> words = words_of(line);
        const auto dash = std::find(words.begin(), words.end(), "-");
        if (words.size() < 5 || words.end() - dash < 4) continue;
        const std::string& type = dash[1];
        if (type == "cgroup2") found.push_back({words[3], words[4], "memory.max", false});
        if (type == "cgroup" && lists(dash[3], "memory")) {
            found.push_back({words[3], words[4], "memory.limit_in_bytes", true});
        }
    }
    return found;
}

/// Returns the path of this process in the hierarchy; empty if it is not a member.
std::string membership_in(const Hierarchy& hierarchy, const std::string& membership) {
    std::ifstream file(membership);
    for (std::string line; std::getline(file, line);) {
        // number:controllers:path
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const bool is_it = hierarchy.is_v1 ? lists(controllers, "memory") : controllers.empty();
        if (is_it) return line.substr(second + 1);
    }
    return {};
}

std::optional<std::uint64_t> limit_in(const std::string& path) {
    std::ifstream file(path);
    std::string text;
    if (!(file >> text)) return std::nullopt;
    std::uint64_t bytes = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), bytes);
    if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (bytes >= unlimited_from) return std::nullopt;
    return bytes;
}

void keep_lowest(std::optional<MemoryLimit>& lowest, const std::string& file) {
    const auto bytes = limit_in(file);
    if (bytes && (!lowest || *bytes < lowest->bytes)) lowest = MemoryLimit{*bytes, file};
}

}  // namespace

Result<void> raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return Error(Errc::system_error, std::string("RLIMIT_NOFILE: ") + std::strerror(errno));
    }
    if (limit.rlim_max < descriptors_min) {
        return Error(Errc::system_error,
                     "limit of open files too low: " + std::to_string(limit.rlim_max) +
                         "; raise it to at least " + std::to_string(descriptors_min) +
                         " (ulimit -n, LimitNOFILE=)");
    }
    limit.rlim_cur = limit.rlim_max;
    // If the host refuses, the soft limit stays in force.
    static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
    return {};
}

std::optional<MemoryLimit> cgroup_memory_limit(const CgroupFiles& files) {
    std::optional<MemoryLimit> lowest;
    for (const Hierarchy& hierarchy : hierarchies(files.mounts)) {
        std::string path = membership_in(hierarchy, files.membership);
        if (path.empty()) continue;
        // In a container, the hierarchy is mounted from the container's own group on, under any
        // path.
        if (hierarchy.root != "/" && path.starts_with(hierarchy.root)) {
            path.erase(0, hierarchy.root.size());
        }
        std::filesystem::path group = hierarchy.mount + "/" + path;
        group = group.lexically_normal();
        const std::filesystem::path top = std::filesystem::path(hierarchy.mount).lexically_normal();
        for (; group.native().size() > top.native().size(); group = group.parent_path()) {
            keep_lowest(lowest, (group / hierarchy.limit_file).string());
        }
        keep_lowest(lowest, (top / hierarchy.limit_file).string());
    }
    return lowest;
}

std::uint64_t segment_share(std::uint64_t limit_bytes, bool has_store) noexcept {
    constexpr std::uint64_t own_bytes_min = 16ULL << 20;
    constexpr std::uint64_t store_bytes = 192ULL << 20;
    const std::uint64_t own = std::max(own_bytes_min, limit_bytes / 8);
    const std::uint64_t store = has_store ? std::min(store_bytes, limit_bytes / 4) : 0;
    return limit_bytes > own + store ? limit_bytes - own - store : 0;
}

}  // namespace ringside::broker
