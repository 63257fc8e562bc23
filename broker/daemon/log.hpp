#pragma once

#include <string>

#include "shm/base/errc.hpp"

/// The log of the long-running programs, which all write through spdlog's default logger.
///
///   text    2026-11-30T17:54:02.123+01:00 warning  the message
///   json    {"time":"2026-11-30T17:54:02.123+01:00","level":"warning","program":"ringside-broker",
///            "pid":4711,"message":"the message"}
///
/// One message is one line: control characters in it are escaped. Where standard error is the
/// journal ($JOURNAL_STREAM), each line begins with its priority, `<4>`, and text carries neither
/// time nor level, which the journal keeps itself.
namespace ringside::daemon {

struct LogOptions {
    std::string program;          ///< shown by the format json
    std::string level = "info";   ///< debug, info, warning or error
    std::string format = "text";  ///< text or json
    std::string file;             ///< empty: standard error
    /// Limits lines that repeat: see `FoldingSink`. For programs whose clients can cause any line.
    bool folds_lines = false;
};

/// Whether level and format have the names of one. Error: bad_configuration.
[[nodiscard]] Result<void> check_log_options(const LogOptions& options);

/// Starts logging where the options say. Error: bad_configuration (the file cannot be opened).
/// REQUIRES: the options pass `check_log_options`.
Result<void> start_log(const LogOptions& options);

/// Opens the log file again, after log rotation has moved it away, and applies the level. Any
/// thread may log meanwhile. Format, and the choice between file and standard error, stay as they
/// were. A file that cannot be opened leaves the former one in use. Error: bad_configuration.
/// REQUIRES: `start_log` has succeeded, and the options pass `check_log_options`.
Result<void> reopen_log(const LogOptions& options);

}  // namespace ringside::daemon
