#pragma once

#include "tools/ringside/context.hpp"

/// Read-only commands can work without a broker, on the segment that a dead broker has left.
namespace ringside::tools {

/// Adds `--offline` to a command.
void add_offline_flag(CLI::App& command, Context& context);

/// Attaches to the grid, or opens the segment of a dead broker if `--offline` was given. Without
/// the flag, the error about a dead broker names it. Throws ringside::Exception.
[[nodiscard]] Client attach_to_read(const Context& context);

}  // namespace ringside::tools
