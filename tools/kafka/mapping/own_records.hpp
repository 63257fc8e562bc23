#pragma once

#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::kafka {

/// The first level of the tool's own records: positions, and the states of sources and sinks.
inline constexpr std::string_view own_first_level = "kafka";

/// Checks that a message may write a record of that name. A message must not change positions.
/// Errors: those of `check_name`; reserved_name ('$…', and 'kafka' with everything below it).
Result<void> check_record_name(std::string_view name);

}  // namespace ringside::kafka
