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

/// A place that is asked by HTTP/1.1.
struct WebServer {
    std::string host;                   ///< a name, or an address without brackets
    std::string port;                   ///< digits
    std::string authority;              ///< for the header Host
    std::string target;                 ///< path and query
    std::shared_ptr<ssl::context> tls;  ///< null: in the clear
};

/// Takes a URL apart: http or https, without user and fragment. `tls` is set for https, and checks
/// the server's certificate against the system's authorities, or those of a PEM file `ca`.
/// Errors: bad_configuration.
[[nodiscard]] Result<WebServer> parse_web_server(const std::string& url, const std::string& ca);

/// What is sent.
struct WebPost {
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;  ///< JSON
    /// Kept until the connection is closed, which may be after the deadline: a name of the DNS that
    /// is being looked for cannot be given up.
    std::shared_ptr<const void> held;
};

/// What came back.
struct WebAnswer {
    unsigned status = 0;
    std::string content_type;
    std::string body;
};

/// Posts over a connection of its own, and waits for the whole answer until the deadline.
/// Redirections are answers like any other.
/// Errors: timed_out, system_error (not reached, TLS fails, not HTTP, larger than
/// `login_limits::answer_bytes_max`); the detail says what has failed.
Task<Result<WebAnswer>> post_json(std::shared_ptr<const WebServer> server, WebPost post,
                                  std::chrono::milliseconds time);

}  // namespace ringside::gateway::deepstream
