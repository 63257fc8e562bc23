#pragma once

#include <cstdint>
#include <string>

#include "ringside/client.hpp"

namespace ringside::tools {

/// Writes the result of a live query and then its changes, until the user interrupts or the given
/// number of changes (0: no limit) is written. A table on a terminal is redrawn in place. Throws
/// ringside::Exception.
void run_live(const Client& client, LiveQuerySpec description, const std::string& format,
              std::uint64_t count);

}  // namespace ringside::tools
