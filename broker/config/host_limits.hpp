#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shm/base/errc.hpp"

namespace ringside::broker {

/// Raises the soft limit of open files to the hard one: each session takes two of them.
/// Error: system_error, if even the hard limit is too low to serve anybody.
Result<void> raise_descriptor_limit();

/// Where the host says what memory this process may use.
struct CgroupFiles {
    std::string membership = "/proc/self/cgroup";
    std::string mounts = "/proc/self/mountinfo";
};

/// A limit of the control group of this process, or of one above it.
struct MemoryLimit {
    std::uint64_t bytes = 0;
    std::string file;  ///< that says so
};

/// The lowest memory limit of cgroup v1 or v2; none: there is no limit, or it cannot be read.
std::optional<MemoryLimit> cgroup_memory_limit(const CgroupFiles& files = {});

/// How much of such a limit the segment may take. The rest is for the broker's own memory, for that
/// of its sessions, and for the buffers of the store.
[[nodiscard]] std::uint64_t segment_share(std::uint64_t limit_bytes, bool has_store) noexcept;

}  // namespace ringside::broker
