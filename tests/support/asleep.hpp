#pragma once

#include <sys/types.h>

#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/test_grid.hpp"

namespace ringside::testing {

/// Returns whether a thread of this process is blocked in the kernel.
[[nodiscard]] inline bool is_asleep(pid_t thread) {
    std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/stat");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    // "TID (name) STATE ...", where the name may contain anything.
    const std::size_t name_end = text.rfind(") ");
    return name_end != std::string::npos && text.compare(name_end + 2, 1, "S") == 0;
}

/// Waits until a thread of this process sleeps. For tests of wake-ups. If the thread sleeps for
/// another reason, for example on a lock, the test checks less but never fails.
[[nodiscard]] inline bool falls_asleep(pid_t thread) {
    return eventually([thread] { return is_asleep(thread); });
}

}  // namespace ringside::testing
