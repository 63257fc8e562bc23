#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "shm/base/errc.hpp"
#include "tools/gateway/http/stream.hpp"
#include "tools/gateway/net.hpp"

namespace ringside::gateway::deepstream {

using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

/// An HTTP/1.1 server and a resource on it.
struct WebServer {
    std::string host;                   ///< a name, or an address without brackets
    std::string port;                   ///< digits
    std::string authority;              ///< for the header Host
    std::string target;                 ///< path and query
    std::shared_ptr<ssl::context> tls;  ///< null for plain text
};

/// Parses a URL: http or https, without user and fragment. Sets `tls` for https; it verifies the
/// server's certificate against the system's authorities, or against those in the PEM file `ca`.
/// Errors: bad_configuration.
[[nodiscard]] Result<WebServer> parse_web_server(const std::string& url, const std::string& ca);

/// The request.
struct WebPost {
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;  ///< JSON
    /// Held until the connection is closed, which may be after the deadline: a DNS lookup cannot be
    /// cancelled.
    std::shared_ptr<const void> held;
};

/// The response.
struct WebAnswer {
    unsigned status = 0;
    std::string content_type;
    std::string body;
};

/// Posts over a separate connection, and waits for the whole response until the deadline. Does not
/// follow redirections.
/// Errors: timed_out, system_error (unreachable, TLS failure, not HTTP, larger than
/// `login_limits::answer_bytes_max`); the detail names the step that failed.
Task<Result<WebAnswer>> post_json(std::shared_ptr<const WebServer> server, WebPost post,
                                  std::chrono::milliseconds time);

}  // namespace ringside::gateway::deepstream
