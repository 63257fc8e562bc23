#include "tools/gateway/deepstream/login/login_method.hpp"

#include <spdlog/spdlog.h>

#include "shm/document/json.hpp"

namespace ringside::gateway::deepstream {

std::string auth_data_of_token(std::string_view token) {
    std::string text = R"({"token":)";
    append_json_string(token, text);
    return text + '}';
}

std::optional<std::string> user_data_of(const Value& value) {
    return value.is_null() ? std::nullopt : std::optional(to_json(value));
}

Login refused_with(std::string_view error) {
    std::string text = R"({"error":)";
    append_json_string(error, text);
    return {.client_data = text + '}'};
}

void log_refusal(const LoginRequest& request, std::string_view why) {
    spdlog::info("login from {} refused: {}", request.remote_address, why);
}

}  // namespace ringside::gateway::deepstream
