#pragma once

#include <chrono>
#include <string>

#include "tools/ringside/shell_command.hpp"

namespace ringside::tools {

/// What became of a command that was run as a filter.
struct FilterOutcome {
    int status = 0;      ///< as ShellCommand::status
    std::string output;  ///< at most a document's bytes, and a few more where there was more
    std::string errors;  ///< the last few lines that it wrote to standard error
};

/// Runs a command with `input` on its standard input until it ends; at the deadline it is told to
/// end with SIGTERM, and a second later with SIGKILL. What it writes to standard error goes to
/// ours, too. Throws ringside::Exception (system_error).
[[nodiscard]] FilterOutcome run_filter(const std::string& command,
                                       const ShellCommand::Variables& variables,
                                       const std::string& input,
                                       std::chrono::steady_clock::time_point deadline);

}  // namespace ringside::tools
