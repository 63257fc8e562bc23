#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tools/gateway/deepstream/hub.hpp"
#include "tools/gateway/http/message.hpp"

namespace ringside::gateway::deepstream {

/// deepstream's HTTP API: posted messages, with a login for each request; logins that only ask for
/// a token; and the health check. Texts are deepstream's.
///
/// Differences from deepstream: the messages of a request are processed in order, and a path must
/// match exactly, not only begin with the right text.
/// Thread safety: that of the loop.
class HttpApi {
public:
    /// Returns the error for a client that has exceeded its rate, or none.
    using CheckRate = std::function<std::optional<Problem>(const Requester& requester,
                                                           const std::string& address)>;

    HttpApi(Hub& hub, CheckRate check_rate) : hub_(hub), check_rate_(std::move(check_rate)) {}

    [[nodiscard]] bool serves(std::string_view path) const noexcept;
    Task<Response> handle(const Request& request);

private:
    [[nodiscard]] Response get(const Request& request) const;
    Task<Response> post(const Request& request);
    Task<Response> post_messages(const Request& request);
    Task<Response> post_login(const Request& request);
    Task<Login> log_in(const Request& request, std::string auth_data);

    Hub& hub_;
    const CheckRate check_rate_;
};

}  // namespace ringside::gateway::deepstream
