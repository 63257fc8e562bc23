#pragma once

#include "tools/ringside/query/query_options.hpp"
#include "tools/ringside/query/query_run.hpp"

namespace ringside::tools {

/// Reads statements and commands from the terminal and runs them, until the user ends it.
/// Throws ringside::Exception (a declaration of a table is invalid, output_failed).
void run_prompt(const Client& client, const QueryOptions& options, const RowStyle& style);

}  // namespace ringside::tools
