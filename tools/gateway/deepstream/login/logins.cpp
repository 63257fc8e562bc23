#include "tools/gateway/deepstream/login/logins.hpp"

#include <toml++/toml.h>

#include <algorithm>

#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/login/login_config.hpp"
#include "tools/gateway/deepstream/login/login_limits.hpp"
#include "tools/gateway/deepstream/login/open_login.hpp"

namespace ringside::gateway::deepstream {

Result<std::shared_ptr<const Logins>> Logins::from(
    const toml::table& deepstream, const tools::TomlFile& file,
    std::shared_ptr<const Authenticator> authenticator) {
    const std::shared_ptr<Logins> made(new Logins);
    const toml::array* tables = deepstream["auth"].as_array();
    const std::size_t count = tables == nullptr ? 0 : tables->size();
    if (tables != nullptr && count == 0)
        return file.error_at(*tables, "auth is empty; add a method");
    if (count > login_limits::methods_max) {
        return file.error_at(*tables,
                             "more than " + std::to_string(login_limits::methods_max) + " methods");
    }
    const LoginContext context{
        .file = file, .authenticator = std::move(authenticator), .is_only_method = count == 1};
    const auto add = [&](const toml::table& table) -> Result<void> {
        auto method = read_login_method(table, context);
        if (!method) return method.error();
        made->methods_.push_back(*std::move(method));
        return {};
    };
    if (auto read = file.each_table(deepstream, "auth", add); !read) return read.error();
    if (made->methods_.empty()) made->methods_.push_back(std::make_unique<const OpenLogin>());
    return std::shared_ptr<const Logins>(made);
}

Task<Login> Logins::login(LoginRequest request) const {
    return decide(shared_from_this(), std::move(request));
}

bool Logins::still_know(const Login& login) const {
    return std::any_of(methods_.begin(), methods_.end(),
                       [&](const auto& method) { return method->still_knows(login); });
}

Task<Login> Logins::decide(std::shared_ptr<const Logins> self, LoginRequest request) {
    if (request.auth_data.size() > login_limits::auth_data_bytes_max) {
        log_refusal(request, "data too long");
        co_return Login{};
    }
    const auto document = document_from_json(request.auth_data);
    if (!document || !Value::of(*document).is_object()) {
        log_refusal(request, "data are not a JSON object");
        co_return Login{};
    }
    const LoginAttempt attempt{.request = request, .auth_data = Value::of(*document)};
    for (const auto& method : self->methods_) {
        auto login = co_await method->decide(attempt);
        if (!login) continue;
        if (login->id.size() > login_limits::id_bytes_max) {
            log_refusal(request, "id too long");
            co_return Login{};
        }
        co_return *std::move(login);
    }
    co_return Login{};
}

}  // namespace ringside::gateway::deepstream
