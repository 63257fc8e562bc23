#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shm/base/types.hpp"
#include "tools/gateway/deepstream/http_api/jif.hpp"
#include "tools/gateway/grid/outcome.hpp"

namespace ringside::gateway::deepstream {

/// The body of a request to the HTTP API. Its errors have status 400, and the client gets only
/// their detail.
class ApiRequest {
public:
    static Outcome<ApiRequest> parse(std::string_view body);

    /// Returns JSON text for the login.
    [[nodiscard]] const std::string& auth_data() const noexcept { return auth_data_; }
    [[nodiscard]] Outcome<std::vector<Jif>> messages() const;

private:
    ApiRequest(Bytes document, std::string auth_data) noexcept
        : document_(std::move(document)), auth_data_(std::move(auth_data)) {}

    Bytes document_;
    std::string auth_data_;
};

/// Parses a JSON body, an object or an array. Returns an empty object for an empty body.
[[nodiscard]] Outcome<Bytes> document_of_body(std::string_view body);

}  // namespace ringside::gateway::deepstream
