#pragma once

#include <functional>
#include <string>

namespace ringside::tools {

/// Answers `GET /metrics` at `address` ("127.0.0.1:9464", "[::1]:0") with `text()` until SIGINT or
/// SIGTERM. Prints `ready ADDRESS` when it listens. A connection has one request and a few seconds;
/// further ones wait while 64 are open.
/// Throws ringside::Exception (bad_configuration: the address; system_error: it cannot be bound).
void serve_metrics(const std::string& address, const std::function<std::string()>& text);

}  // namespace ringside::tools
