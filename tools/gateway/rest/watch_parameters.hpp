#pragma once

#include "tools/gateway/http/message.hpp"
#include "tools/gateway/watch/subscription.hpp"

namespace ringside::gateway {

/// Reads the parameters of `/v1/watch` and the header `Last-Event-ID`. Problem: 400.
[[nodiscard]] Outcome<WatchRequest> watch_request_of(const Request& request);

}  // namespace ringside::gateway
