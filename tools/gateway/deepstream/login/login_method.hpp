#pragma once

#include <optional>

#include "shm/document/value.hpp"
#include "tools/gateway/deepstream/login/login.hpp"
#include "tools/gateway/net.hpp"

namespace ringside::gateway::deepstream {

/// A login that is being decided.
struct LoginAttempt {
    const LoginRequest& request;
    Value auth_data;  ///< an object
};

/// A way to authenticate a client.
/// Thread safety: that of the loop.
class LoginMethod {
public:
    virtual ~LoginMethod() = default;

    /// Returns none if the method does not know the client; the next method is asked then. A method
    /// that knows the client but cannot decide refuses the login and logs the reason. The attempt
    /// outlives the task.
    virtual Task<std::optional<Login>> decide(const LoginAttempt& attempt) const = 0;

    /// Returns whether a login through a method of this kind is still valid. Does not wait.
    [[nodiscard]] virtual bool still_knows(const Login& login) const = 0;
};

/// Returns an invalid login that sends the client the reason: {"error": …}. REQUIRES: UTF-8.
[[nodiscard]] Login refused_with(std::string_view error);

/// Logs the reason for a refused login. `why` must not contain text from the client.
void log_refusal(const LoginRequest& request, std::string_view why);

}  // namespace ringside::gateway::deepstream
