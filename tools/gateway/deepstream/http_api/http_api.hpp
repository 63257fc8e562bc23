#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tools/gateway/deepstream/hub.hpp"
#include "tools/gateway/http/message.hpp"

namespace ringside::gateway::deepstream {

/// deepstream's HTTP API: messages that are posted, each request with its own login; logins that
/// only ask for a token; and whether the server is there. Texts are those of deepstream.
///
/// Differences to it: the messages of a request are carried out one after another, and paths are
/// served exactly, not whatever begins with them.
/// Thread safety: that of the loop.
class HttpApi {
public:
    /// The answer to one who asks too often; none: all is well.
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
