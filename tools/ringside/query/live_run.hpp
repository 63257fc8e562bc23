#pragma once

#include <cstdint>
#include <string>

#include "ringside/client.hpp"

namespace ringside::tools {

/// Writes the result of a live query, then what becomes of it, until the user interrupts or so many
/// changes (0: no end) are written. On a terminal as a table the whole result, always anew in the
/// same place. Throws ringside::Exception.
void run_live(const Client& client, LiveDescription description, const std::string& format,
              std::uint64_t count);

}  // namespace ringside::tools
