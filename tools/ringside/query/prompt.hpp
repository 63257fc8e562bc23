#pragma once

#include <string>

#include "tools/ringside/query/query_options.hpp"

namespace ringside::tools {

/// Asks for statements on the terminal and runs each at a fresh snapshot, until `.quit` or the end
/// of input. A statement may have several lines and ends with `;`. An interrupt ends the statement,
/// not the prompt. Lines are kept for the next time in `ringside/query_history` below
/// $XDG_STATE_HOME or ~/.local/state.
void run_prompt(const Client& client, const QueryOptions& options, const std::string& format);

}  // namespace ringside::tools
