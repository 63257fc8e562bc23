#pragma once

#include "tools/gateway/grid/operations.hpp"
#include "tools/gateway/http/message.hpp"

namespace ringside::gateway {

/// `/v1/records/{name}` and `/v1/records?name={name}`: one record.
class RecordResource {
public:
    explicit RecordResource(Operations& operations) noexcept : operations_(operations) {}

    /// `name`: any text; an invalid one is a problem. It is not among the request's parameters.
    Task<Response> handle(Request& request, const Requester& requester, const std::string& name);

private:
    [[nodiscard]] Response get(const Request& request, const Requester& requester,
                               const std::string& name);
    Task<Response> change(Request& request, const Requester& requester, Write write);
    [[nodiscard]] std::string tag_of(const std::string& name, Revision revision);

    Operations& operations_;
};

}  // namespace ringside::gateway
