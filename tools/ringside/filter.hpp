#pragma once

#include <chrono>
#include <string>

#include "tools/ringside/shell_command.hpp"

namespace ringside::tools {

/// The result of running a command as a filter.
struct FilterOutcome {
    int status = 0;      ///< see ShellCommand::status
    std::string output;  ///< up to the size of a document, or a few bytes more if it was longer
    std::string errors;  ///< the last few lines on its standard error
};

/// Runs a command with `input` on its standard input until it ends. At the deadline it gets
/// SIGTERM, and a second later SIGKILL. Its standard error also goes to ours. Throws
/// ringside::Exception (system_error).
[[nodiscard]] FilterOutcome run_filter(const std::string& command,
                                       const ShellCommand::Variables& variables,
                                       const std::string& input,
                                       std::chrono::steady_clock::time_point deadline);

}  // namespace ringside::tools
