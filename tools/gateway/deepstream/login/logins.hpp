#pragma once

#include <memory>
#include <vector>

#include "shm/base/errc.hpp"
#include "tools/gateway/access/authenticator.hpp"
#include "tools/gateway/deepstream/login/login_method.hpp"
#include "tools/support/toml_file.hpp"
#include "tools/support/toml_forward.hpp"

namespace ringside::gateway::deepstream {

/// Decides who may log in with deepstream's protocol. The methods of [[deepstream.auth]] are asked
/// in order, and the first that knows the client decides. A client that no method knows is refused.
/// Without [[deepstream.auth]], every client may log in.
///
/// Immutable: a reloaded configuration creates another object.
/// Thread safety: that of the loop.
class Logins : public std::enable_shared_from_this<Logins> {
public:
    /// `deepstream` is the table [deepstream]. Also reads users files.
    /// Errors: bad_configuration; the detail names file and line.
    static Result<std::shared_ptr<const Logins>> from(
        const toml::table& deepstream, const tools::TomlFile& file,
        std::shared_ptr<const Authenticator> authenticator);

    /// Decides in the awaiting loop, without blocking it. Logs why a login is refused.
    Task<Login> login(LoginRequest request) const;

    /// Returns whether a login, through these methods or those of an earlier configuration, is
    /// still valid. Returns false if the user was removed from the file or has another password, or
    /// if the token has expired. Does not ask webhooks: see `Login::request`.
    [[nodiscard]] bool still_know(const Login& login) const;

private:
    Logins() = default;

    /// Holds `self`, because the configuration may be reloaded meanwhile.
    static Task<Login> decide(std::shared_ptr<const Logins> self, LoginRequest request);

    std::vector<std::unique_ptr<const LoginMethod>> methods_;
};

}  // namespace ringside::gateway::deepstream
