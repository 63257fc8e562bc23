#pragma once

#include <memory>
#include <optional>

#include "tools/gateway/deepstream/login/login_method.hpp"
#include "tools/gateway/deepstream/login/password_workers.hpp"
#include "tools/gateway/deepstream/login/users_file.hpp"

namespace ringside::gateway::deepstream {

/// Authenticates the users of a users file by username and password.
class FileLogin final : public LoginMethod {
public:
    /// `hash` is none if passwords are stored as plain text.
    /// `is_last_word`: a client without username and password, or with a wrong password, is
    /// refused, and no other method is asked. A user who is not in the file is always passed to the
    /// next method.
    FileLogin(FileUsers users, const std::optional<PasswordHash>& hash, bool is_last_word);

    Task<std::optional<Login>> decide(const LoginAttempt& attempt) const override;
    [[nodiscard]] bool still_knows(const Login& login) const override;

private:
    [[nodiscard]] Task<std::optional<bool>> fits(std::string_view password,
                                                 std::string_view kept) const;

    FileUsers users_;
    std::optional<PasswordHash> hash_;
    bool is_last_word_;
    /// Compared with the password of an unknown user, so that the check takes the same time.
    std::string nobodys_password_;
    std::unique_ptr<PasswordWorkers> workers_ = std::make_unique<PasswordWorkers>();
};

}  // namespace ringside::gateway::deepstream
