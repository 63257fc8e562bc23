#pragma once

#include <string>

namespace ringside::tools {

/// Whether a process holds the grid's lock: the kernel lets go of a dead owner's.
[[nodiscard]] bool has_broker(const std::string& grid);

}  // namespace ringside::tools
