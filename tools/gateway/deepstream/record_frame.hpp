#pragma once

#include "tools/gateway/watch/change_text.hpp"

namespace ringside::gateway::deepstream {

/// Encodes a change of a record: UPDATE, PATCH, DELETED, or that the record now has a provider.
[[nodiscard]] EncodedChange record_frame(const WatchEvent& event, const JsonPointer& pointer);

}  // namespace ringside::gateway::deepstream
