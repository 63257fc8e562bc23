#pragma once

#include <stop_token>
#include <string>

#include "ringside/client.hpp"

namespace ringside::kafka {

/// Attaches to a grid, and waits for its broker where there is none yet.
/// Errors: those of `Client::attach` that waiting does not help; timed_out: it was told to stop.
Result<Client> attach(const std::string& grid, const std::stop_token& stop);

}  // namespace ringside::kafka
