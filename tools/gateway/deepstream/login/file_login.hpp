#pragma once

#include <memory>
#include <optional>

#include "tools/gateway/deepstream/login/login_method.hpp"
#include "tools/gateway/deepstream/login/password_workers.hpp"
#include "tools/gateway/deepstream/login/users_file.hpp"

namespace ringside::gateway::deepstream {

/// Lets in who is in a users file, with username and password.
class FileLogin final : public LoginMethod {
public:
    /// `hash`: none: passwords are kept as they are.
    /// `is_last_word`: who brings no username and password, or a wrong password, is refused, and
    /// no other method is asked. Who is not in the file is always for the next one.
    FileLogin(FileUsers users, const std::optional<PasswordHash>& hash, bool is_last_word);

    Task<std::optional<Login>> decide(const LoginAttempt& attempt) const override;
    [[nodiscard]] bool still_knows(const Login& login) const override;

private:
    [[nodiscard]] Task<std::optional<bool>> fits(std::string_view password,
                                                 std::string_view kept) const;

    FileUsers users_;
    std::optional<PasswordHash> hash_;
    bool is_last_word_;
    /// What a password is compared with where there is no such user: it takes as long.
    std::string nobodys_password_;
    std::unique_ptr<PasswordWorkers> workers_ = std::make_unique<PasswordWorkers>();
};

}  // namespace ringside::gateway::deepstream
