#pragma once

#include "broker/config/options.hpp"
#include "broker/grid_lock.hpp"

namespace ringside::broker {

/// Makes this process the owner of the grid. If another broker owns it, the options decide: fail
/// immediately, wait until that broker has ended, or request a hand-over.
/// Errors: grid_in_use, permission_denied, layout_mismatch (the owner refuses the hand-over),
/// timed_out (the owner does not release the grid). SIGTERM and SIGINT end the process while it
/// waits.
Result<GridLock> take_grid(const Options& options, const shm::GridPaths& paths);

}  // namespace ringside::broker
