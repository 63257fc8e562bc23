#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shm/document/value.hpp"

namespace ringside::gateway::deepstream {

/// The input of a login.
struct LoginRequest {
    std::string auth_data;                                          ///< JSON text of an object
    std::vector<std::pair<std::string, std::string>> headers = {};  ///< of the HTTP request
    std::string remote_address = {};
    std::string url = {};  ///< of a request to the HTTP API; empty for a WebSocket
};

/// The id of users who log in without a name. Presence does not count them.
inline constexpr std::string_view unknown_user = "OPEN";

/// The result of a login.
struct Login {
    bool is_valid = false;
    std::string id = {};  ///< 1 to `login_limits::id_bytes_max` bytes of UTF-8 if the login is
                          ///< valid
    std::optional<std::string> client_data = {};  ///< JSON text, sent to the client in both cases
    std::optional<std::string> server_data = {};  ///< JSON text, for the rules
    std::optional<std::string> token = {};        ///< for the HTTP API
    /// Identifies the login to its method later, see `LoginMethod::still_knows`. Stays in memory.
    std::string proof = {};
    /// The request, if only an external service can decide whether the login is still valid. The
    /// service is asked again after a reload of the configuration. Stays in memory.
    std::shared_ptr<const LoginRequest> request = {};
    /// Interval at which the service is also asked again. Zero: never.
    std::chrono::milliseconds recheck_interval{0};
    /// No decision was possible, for example because the service is down. A new client is refused.
    /// An open session continues, and is checked again later.
    bool is_undecided = false;
    /// Whether the id is a user's: presence counts it.
    [[nodiscard]] bool is_known() const noexcept { return id != unknown_user; }
};

/// Returns the auth data of a request that carries only a token.
[[nodiscard]] std::string auth_data_of_token(std::string_view token);
/// Returns the data about a user in the form of a `Login`. Null counts as no data.
[[nodiscard]] std::optional<std::string> user_data_of(const Value& value);

}  // namespace ringside::gateway::deepstream
