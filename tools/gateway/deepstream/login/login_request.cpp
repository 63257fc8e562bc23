#include "tools/gateway/deepstream/login/login_request.hpp"

namespace ringside::gateway::deepstream {

LoginRequest login_request(const http::request<http::string_body>& request,
                           const Tcp::endpoint& peer, std::string auth_data) {
    LoginRequest made{.auth_data = std::move(auth_data),
                      .remote_address = peer.address().to_string()};
    for (const auto& field : request) {
        made.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    return made;
}

}  // namespace ringside::gateway::deepstream
