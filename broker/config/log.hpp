#pragma once

#include "broker/config/options.hpp"

namespace ringside::broker {

/// Starts logging where the options say. Error: bad_configuration (the file cannot be opened).
Result<void> start_log(const Options& options);

/// Opens the log file again, after somebody has moved it away, and applies the level. Any thread
/// may log meanwhile. A file that cannot be opened leaves the former one in use.
/// Error: bad_configuration. REQUIRES: `start_log` has succeeded.
Result<void> reopen_log(const Options& options);

}  // namespace ringside::broker
