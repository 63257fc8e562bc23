#pragma once

#include "tools/gateway/grid/operations.hpp"
#include "tools/gateway/http/message.hpp"

namespace ringside::gateway {

/// `/v1/records/{name}`: one record.
class RecordResource {
public:
    explicit RecordResource(Operations& operations) noexcept : operations_(operations) {}

    /// `name`: any text; what is none is a problem.
    Task<Response> handle(Request& request, const Requester& requester, const std::string& name);

private:
    [[nodiscard]] Response get(const Request& request, const Requester& requester,
                               const std::string& name);
    Task<Response> change(Request& request, const Requester& requester, Write write);

    Operations& operations_;
};

}  // namespace ringside::gateway
