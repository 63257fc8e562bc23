#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shm/base/errc.hpp"

namespace ringside::broker {

/// Raises the soft limit of open files to the hard limit: each session needs two of them. Error:
/// system_error if even the hard limit is too low to serve any client.
Result<void> raise_descriptor_limit();

/// Files in which the host states the memory limits of this process.
struct CgroupFiles {
    std::string membership = "/proc/self/cgroup";
    std::string mounts = "/proc/self/mountinfo";
};

/// A memory limit of this process's control group, or of one of its ancestors.
struct MemoryLimit {
    std::uint64_t bytes = 0;
    std::string file;  ///< file that contains the limit
};

/// Returns the lowest memory limit of cgroup v1 or v2. Returns none if there is none, or if it
/// cannot be read.
std::optional<MemoryLimit> cgroup_memory_limit(const CgroupFiles& files = {});

/// Returns the part of such a limit that the segment can use. The rest is for the broker's own
/// memory, for its sessions, and for the buffers of the store.
[[nodiscard]] std::uint64_t segment_share(std::uint64_t limit_bytes, bool has_store) noexcept;

}  // namespace ringside::broker
