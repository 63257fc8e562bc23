#pragma once

#include "tools/gateway/grid/operations.hpp"
#include "tools/gateway/http/message.hpp"

namespace ringside::gateway {

/// `/v1/transactions`: several writes at one revision.
Task<Response> handle_transaction(Operations& operations, const Request& request,
                                  const Requester& requester);

/// `/v1/events/{subject}`
Task<Response> handle_event(Operations& operations, Request& request, const Requester& requester,
                            const std::string& subject);

/// `/v1/rpc/{name}`
Task<Response> handle_call(Operations& operations, Request& request, const Requester& requester,
                           const std::string& name);

}  // namespace ringside::gateway
