#pragma once

#include "tools/gateway/http/message.hpp"
#include "tools/gateway/watch/subscription.hpp"

namespace ringside::gateway {

/// What the parameters of `/v1/watch` and the header `Last-Event-ID` ask for. Problem: 400.
[[nodiscard]] Outcome<WatchRequest> watch_request_of(const Request& request);

}  // namespace ringside::gateway
