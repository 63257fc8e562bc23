#pragma once

#include <cstdio>
#include <cstdlib>

namespace ringside {

/// Ends the process with a message if `holds` is false. Unlike `assert`, it is active in release
/// builds: for invariants whose violation would corrupt memory that other processes use.
/// `invariant`: the invariant in words.
inline void check_that(bool holds, const char* invariant, const char* file = __builtin_FILE(),
                       int line = __builtin_LINE()) noexcept {
    if (holds) [[likely]]
        return;
    static_cast<void>(
        std::fprintf(stderr, "%s:%d: invariant violated: %s\n", file, line, invariant));
    std::abort();
}

}  // namespace ringside
