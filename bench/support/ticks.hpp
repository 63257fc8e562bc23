#pragma once

#include <unistd.h>

#include "bench/support/workload.hpp"

namespace ringside::bench {

[[nodiscard]] inline std::uint64_t now_ns() {
    return static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());
}

/// Reads the processor's counter, which all cores share. Reading a clock through the vDSO would
/// take a third of the measured time.
[[nodiscard]] inline std::uint64_t ticks() {
#ifdef __x86_64__
    return __builtin_ia32_rdtsc();
#else
    return now_ns();
#endif
}

[[nodiscard]] inline double ns_per_tick() {
    const std::uint64_t first = ticks();
    const auto start = Clock::now();
    usleep(20'000);
    return ns_since(start) / static_cast<double>(ticks() - first);
}

}  // namespace ringside::bench
