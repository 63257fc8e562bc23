#pragma once

#include <string>

#include "tools/gateway/grid/requester.hpp"

namespace ringside::gateway::deepstream {

/// Decides whether a client may act, and logs a refusal. `name` is a name of the grid, or a user.
[[nodiscard]] Decision decide(const Requester& requester, Action action, const std::string& name,
                              const Evidence& evidence);

}  // namespace ringside::gateway::deepstream
