#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace ringside::shm {

/// Returns the start time of a process in kernel ticks since boot. Together with the pid, it
/// identifies a process even after the pid was reused. Returns 0 if there is no such process, if it
/// is exiting, or if /proc does not show it.
[[nodiscard]] std::uint64_t process_start(pid_t pid);

/// Parses the start time from the text of /proc/PID/stat.
[[nodiscard]] std::uint64_t parse_process_start(const std::string& stat);

}  // namespace ringside::shm
