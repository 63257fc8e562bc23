#include "tools/gateway/deepstream/login/open_login.hpp"

#include "shm/document/json.hpp"

namespace ringside::gateway::deepstream {

namespace {

constexpr std::string_view proof = "open";

/// Values that JavaScript treats as false (0, false, "") are not names.
std::string name_of(const Value& username) {
    if (const auto text = username.as_string(); text && !text->empty()) return std::string(*text);
    const bool is_number = username.is_number() && username.as_double() != 0.0;
    if (is_number || username.as_bool() == true) return to_json(username);
    return "open";
}

}  // namespace

Task<std::optional<Login>> OpenLogin::decide(const LoginAttempt& attempt) const {
    co_return Login{.is_valid = true,
                    .id = name_of(attempt.auth_data["username"]),
                    .proof = std::string(proof)};
}

bool OpenLogin::still_knows(const Login& login) const { return login.proof == proof; }

}  // namespace ringside::gateway::deepstream
