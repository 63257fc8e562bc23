#pragma once

#include "broker/config/options.hpp"

namespace ringside::broker {

/// Runs a broker from its start to its end: takes the grid's lock, brings the records into a
/// segment, serves until it is told to end, and leaves nothing undone behind.
/// Errors: grid_in_use, those of the store and the segment, system_error.
Result<void> serve(const Options& options);

}  // namespace ringside::broker
