#pragma once

#include <chrono>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::tools {

/// Parses a duration: 500ms, 30s, 5m, 2h, 1d. At least 1 ms, at most ten years.
/// Error: `otherwise`.
Result<std::chrono::milliseconds> read_duration(std::string_view text, Errc otherwise);

}  // namespace ringside::tools
