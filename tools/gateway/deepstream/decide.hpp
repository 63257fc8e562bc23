#pragma once

#include <string>

#include "tools/gateway/grid/requester.hpp"

namespace ringside::gateway::deepstream {

/// What a client may do, which is logged if it may not. `name`: of the grid, or a user.
[[nodiscard]] Decision decide(const Requester& requester, Action action, const std::string& name,
                              const Evidence& evidence);

}  // namespace ringside::gateway::deepstream
