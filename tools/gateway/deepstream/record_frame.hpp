#pragma once

#include "tools/gateway/watch/change_text.hpp"

namespace ringside::gateway::deepstream {

/// How a change of a record is told: UPDATE, PATCH, DELETED, or that it has a provider now.
[[nodiscard]] EncodedChange record_frame(const WatchEvent& event, const Pointer& pointer);

}  // namespace ringside::gateway::deepstream
