#pragma once

#include "tools/gateway/deepstream/login/login_method.hpp"

namespace ringside::gateway::deepstream {

/// Accepts every client, under the username that it sends, or as `open`.
class OpenLogin final : public LoginMethod {
public:
    Task<std::optional<Login>> decide(const LoginAttempt& attempt) const override;
    [[nodiscard]] bool still_knows(const Login& login) const override;
};

}  // namespace ringside::gateway::deepstream
