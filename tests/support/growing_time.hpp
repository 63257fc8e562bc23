#pragma once

#include <chrono>

#include "tests/support/test_grid.hpp"

namespace ringside::testing {

/// Repeats `attempt(limit)` with a longer limit each time until it returns true. For tests in which
/// one thing has to happen before a time limit of the product passes, and another after it: how
/// long the first one takes depends on the machine. `attempt` returns false if the limit was too
/// short for it. Returns false if every limit was.
template <class Attempt>
[[nodiscard]] bool with_growing_limit(Attempt attempt) {
    for (std::chrono::milliseconds limit{100}; limit <= soon; limit *= 4) {
        if (attempt(limit)) return true;
    }
    return false;
}

}  // namespace ringside::testing
