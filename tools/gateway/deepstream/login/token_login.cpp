#include "tools/gateway/deepstream/login/token_login.hpp"

#include "shm/document/json.hpp"

namespace ringside::gateway::deepstream {

namespace {

constexpr std::string_view token_proof = "token/";

std::string json_of(const Claims& claims) {
    std::string text = "{";
    for (const auto& [name, value] : claims) {
        if (text.size() > 1) text += ',';
        append_json_string(name, text);
        text += ':';
        append_json_string(value, text);
    }
    return text + '}';
}

}  // namespace

Task<std::optional<Login>> TokenLogin::decide(const LoginAttempt& attempt) const {
    const auto refusal = is_last_word_ ? std::optional(Login{}) : std::nullopt;
    const auto token = attempt.auth_data["token"].as_string();
    // Without a token every client would be anonymous, if the HTTP API serves anonymous clients.
    if (!token || token->empty()) {
        log_refusal(attempt.request, "no token");
        co_return refusal;
    }
    const auto identity =
        authenticator_->authenticate({.access_token = *token}, std::chrono::system_clock::now());
    if (!identity) {
        log_refusal(attempt.request, identity.error().detail);
        co_return refusal;
    }
    co_return Login{.is_valid = true,
                    .id = (*identity)->user,
                    .server_data = json_of((*identity)->claims),
                    .proof = std::string(token_proof) + std::string(*token)};
}

bool TokenLogin::still_knows(const Login& login) const {
    if (!login.proof.starts_with(token_proof)) return false;
    const std::string_view token = std::string_view(login.proof).substr(token_proof.size());
    const auto identity =
        authenticator_->authenticate({.access_token = token}, std::chrono::system_clock::now());
    return identity && (*identity)->user == login.id;
}

}  // namespace ringside::gateway::deepstream
