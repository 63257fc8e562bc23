#pragma once

#include "broker/config/options.hpp"
#include "broker/grid_lock.hpp"

namespace ringside::broker {

/// Becomes the grid's owner, as the options say when there is another one: at once or not at all,
/// after it is gone, or after it has handed over.
/// Errors: grid_in_use, permission_denied, layout_mismatch (the owner does not hand over),
/// timed_out (it does not let go). SIGTERM and SIGINT end the process while it waits.
Result<GridLock> take_grid(const Options& options, const shm::GridPaths& paths);

}  // namespace ringside::broker
