#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace ringside::shm {

/// When a process was started, in the kernel's ticks since boot: with its pid, this identifies a
/// process even after the pid was used again. 0: there is no such process, it is ending, or /proc
/// does not show it.
[[nodiscard]] std::uint64_t process_start(pid_t pid);

/// The same from the text of /proc/PID/stat.
[[nodiscard]] std::uint64_t parse_process_start(const std::string& stat);

}  // namespace ringside::shm
