#pragma once

#include <string>

#include "tools/gateway/deepstream/login/login.hpp"
#include "tools/gateway/http/message.hpp"

namespace ringside::gateway::deepstream {

/// What a client brings that has made an HTTP request, and data of its own.
[[nodiscard]] LoginRequest login_request(const http::request<http::string_body>& request,
                                         const Tcp::endpoint& peer, std::string auth_data);

}  // namespace ringside::gateway::deepstream
