#pragma once

#include <stop_token>
#include <string>

#include "ringside/client.hpp"

namespace ringside::kafka {

/// Attaches to a grid, and waits for its broker if there is none yet.
/// Errors: those of `Client::attach` that waiting cannot resolve; timed_out if a stop was
/// requested.
Result<Client> attach(const std::string& grid, const std::stop_token& stop);

}  // namespace ringside::kafka
