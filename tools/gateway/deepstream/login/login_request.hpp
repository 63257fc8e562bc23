#pragma once

#include <string>

#include "tools/gateway/deepstream/login/login.hpp"
#include "tools/gateway/http/message.hpp"

namespace ringside::gateway::deepstream {

/// Builds the input of a login from a client's HTTP request and its own data.
[[nodiscard]] LoginRequest login_request(const http::request<http::string_body>& request,
                                         const Tcp::endpoint& peer, std::string auth_data);

}  // namespace ringside::gateway::deepstream
