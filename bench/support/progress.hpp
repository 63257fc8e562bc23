#pragma once

#include <fmt/format.h>

#include <string>

#include "bench/support/workload.hpp"

namespace ringside::bench {

/// Prints the current measurement to stderr, to show progress.
inline void progress(const std::string& what) {
    static const auto begin = Clock::now();
    fmt::print(stderr, "[{:4.0f} s] {}\n", ns_since(begin) / 1e9, what);
}

}  // namespace ringside::bench
