#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shm/document/value.hpp"

namespace ringside::gateway::deepstream {

/// What a client brings to log in.
struct LoginRequest {
    std::string auth_data;                                          ///< JSON text of an object
    std::vector<std::pair<std::string, std::string>> headers = {};  ///< of its HTTP request
    std::string remote_address = {};
    std::string url = {};  ///< of a request to the HTTP API; empty: of a WebSocket
};

/// The id of those who log in without saying who they are. They are not counted in presence.
inline constexpr std::string_view unknown_user = "OPEN";

/// What comes of it.
struct Login {
    bool is_valid = false;
    std::string id = {};  ///< 1 .. `login_limits::id_bytes_max` bytes of UTF-8, where it is valid
    std::optional<std::string> client_data = {};  ///< JSON text, told to the client in either case
    std::optional<std::string> server_data = {};  ///< JSON text, for the rules
    std::optional<std::string> token = {};        ///< for the HTTP API
    /// By which its method knows it again, see `LoginMethod::still_knows`. Stays in memory.
    std::string proof = {};
    /// Whether the id is a user's: presence counts it.
    [[nodiscard]] bool is_known() const noexcept { return id != unknown_user; }
};

/// The auth data of a request that brings nothing but a token.
[[nodiscard]] std::string auth_data_of_token(std::string_view token);
/// What is said of a user, as a `Login` holds it; null is nothing.
[[nodiscard]] std::optional<std::string> user_data_of(const Value& value);

}  // namespace ringside::gateway::deepstream
