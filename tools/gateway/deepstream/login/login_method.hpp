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

/// One way to find out who logs in.
/// Thread safety: that of the loop.
class LoginMethod {
public:
    virtual ~LoginMethod() = default;

    /// None: it knows nothing of this client, and the next method is asked. A method that should
    /// know but cannot find out refuses the login, and logs why. The attempt outlives the task.
    virtual Task<std::optional<Login>> decide(const LoginAttempt& attempt) const = 0;

    /// Whether somebody who has logged in by a method of this kind may stay: does not wait.
    [[nodiscard]] virtual bool still_knows(const Login& login) const = 0;
};

/// A login that is not valid, where the client is told why: {"error": …}. REQUIRES: UTF-8.
[[nodiscard]] Login refused_with(std::string_view error);

/// Logs why a login is refused. No part of `why` may be what the client has sent.
void log_refusal(const LoginRequest& request, std::string_view why);

}  // namespace ringside::gateway::deepstream
