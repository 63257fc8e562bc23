#pragma once

#include <chrono>

#include "tests/support/test_grid.hpp"

namespace ringside::testing {

/// Repeats `attempt(limit)` with increasing limits until it returns true. For tests in which one
/// event must precede a time limit of the product, and another one must follow it. How long the
/// first event takes depends on the machine. `attempt` returns false if the limit was too short.
/// Returns false if every limit was.
template <class Attempt>
[[nodiscard]] bool with_growing_limit(Attempt attempt) {
    for (std::chrono::milliseconds limit{100}; limit <= soon; limit *= 4) {
        if (attempt(limit)) return true;
    }
    return false;
}

}  // namespace ringside::testing
