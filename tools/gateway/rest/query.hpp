#pragma once

#include "tools/gateway/grid/operations.hpp"
#include "tools/gateway/http/message.hpp"

namespace ringside::gateway {

/// `/v1/query`: SQL over one snapshot. A GET has the query in its parameters, a POST in its
/// document.
Task<Response> handle_query(Operations& operations, const Request& request,
                            const Requester& requester);

}  // namespace ringside::gateway
