#pragma once

#include <functional>

#include "broker/config/options.hpp"

namespace ringside::broker {

/// Runs a broker from start to end: takes the grid's lock, loads the records into a segment, serves
/// until it must stop, and cleans up.
/// Errors: grid_in_use, foreign_grid, those of the store and the segment, system_error.
/// `reload`: reads the options again, see `Reactor::on_reload`.
Result<void> serve(const Options& options, std::function<Result<Options>()> reload);

}  // namespace ringside::broker
