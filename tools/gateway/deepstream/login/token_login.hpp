#pragma once

#include <memory>

#include "tools/gateway/access/authenticator.hpp"
#include "tools/gateway/deepstream/login/login_method.hpp"

namespace ringside::gateway::deepstream {

/// Accepts a client with one of the gateway's own API keys, or with a JSON Web Token that the
/// gateway accepts, as {"token": "…"}. The rules see the claims as the user's data.
class TokenLogin final : public LoginMethod {
public:
    /// `is_last_word`: an invalid token is refused, and no other method is asked.
    TokenLogin(std::shared_ptr<const Authenticator> authenticator, bool is_last_word)
        : authenticator_(std::move(authenticator)), is_last_word_(is_last_word) {}

    Task<std::optional<Login>> decide(const LoginAttempt& attempt) const override;
    [[nodiscard]] bool still_knows(const Login& login) const override;

private:
    std::shared_ptr<const Authenticator> authenticator_;
    bool is_last_word_;
};

}  // namespace ringside::gateway::deepstream
