#include "tools/gateway/deepstream/login/file_login.hpp"

namespace ringside::gateway::deepstream {

namespace {

constexpr std::string_view file_proof = "file/";

}  // namespace

FileLogin::FileLogin(FileUsers users, const std::optional<PasswordHash>& hash, bool is_last_word)
    : users_(std::move(users)),
      hash_(hash),
      is_last_word_(is_last_word),
      nobodys_password_(hash_ ? hash_->hash("", "nobody") : "") {}

Task<std::optional<Login>> FileLogin::decide(const LoginAttempt& attempt) const {
    const auto username = attempt.auth_data["username"].as_string();
    const auto password = attempt.auth_data["password"].as_string();
    if (!username || !password) {
        log_refusal(attempt.request, "no username or password");
        if (!is_last_word_) co_return std::nullopt;
        co_return refused_with("missing authentication parameter: username or/and password");
    }
    const auto user = users_.find(*username);
    const bool is_there = user != users_.end();
    const auto does_fit =
        co_await fits(*password, is_there ? user->second.password : nobodys_password_);
    if (!does_fit) {
        log_refusal(attempt.request, "too many passwords are waiting to be hashed");
        co_return Login{};
    }
    if (!is_there) {
        log_refusal(attempt.request, "unknown user");
        co_return std::nullopt;
    }
    if (!*does_fit) {
        log_refusal(attempt.request, "wrong password");
        co_return is_last_word_ ? std::optional(Login{}) : std::nullopt;
    }
    co_return Login{.is_valid = true,
                    .id = user->first,
                    .client_data = user->second.client_data,
                    .server_data = user->second.server_data,
                    .proof = std::string(file_proof) + user->second.password};
}

bool FileLogin::still_knows(const Login& login) const {
    if (!login.proof.starts_with(file_proof)) return false;
    const auto user = users_.find(login.id);
    return user != users_.end() &&
           user->second.password == std::string_view(login.proof).substr(file_proof.size());
}

Task<std::optional<bool>> FileLogin::fits(std::string_view password, std::string_view kept) const {
    if (!hash_) co_return is_same_secret(password, kept);
    auto look = [this, password = std::string(password), kept = std::string(kept)] {
        return hash_->fits(password, kept);
    };
    co_return co_await workers_->ask(std::move(look));
}

}  // namespace ringside::gateway::deepstream
