#pragma once

#include <memory>
#include <vector>

#include "shm/base/errc.hpp"
#include "tools/gateway/access/authenticator.hpp"
#include "tools/gateway/deepstream/login/login_method.hpp"
#include "tools/support/toml_file.hpp"
#include "tools/support/toml_forward.hpp"

namespace ringside::gateway::deepstream {

/// Who may log in with deepstream's protocol: the methods of [[deepstream.auth]] are asked in
/// order, and the first that knows the client decides. Whom none knows is refused. Where there is
/// no [[deepstream.auth]], everybody may.
///
/// Never changes: a configuration that is read again makes another.
/// Thread safety: that of the loop.
class Logins : public std::enable_shared_from_this<Logins> {
public:
    /// `deepstream`: the table [deepstream]. Reads users files, too.
    /// Errors: bad_configuration; the detail says file and line.
    static Result<std::shared_ptr<const Logins>> from(
        const toml::table& deepstream, const tools::TomlFile& file,
        std::shared_ptr<const Authenticator> authenticator);

    /// Decides in the loop in which it is awaited, which does not wait for it. Why a login is
    /// refused is in the log.
    Task<Login> login(LoginRequest request) const;

    /// Whether somebody who has logged in, by these methods or those before, may stay: a user who
    /// is no longer in the file or has another password may not, nor one whose token has expired.
    /// A webhook is not asked again.
    [[nodiscard]] bool still_know(const Login& login) const;

private:
    Logins() = default;

    /// `self`: kept, since the configuration may be read again meanwhile.
    static Task<Login> decide(std::shared_ptr<const Logins> self, LoginRequest request);

    std::vector<std::unique_ptr<const LoginMethod>> methods_;
};

}  // namespace ringside::gateway::deepstream
