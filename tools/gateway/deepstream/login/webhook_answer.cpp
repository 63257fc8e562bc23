#include "tools/gateway/deepstream/login/webhook_answer.hpp"

#include <simdjson.h>
#include <strings.h>

#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/login/login_limits.hpp"
#include "tools/gateway/deepstream/login/login_method.hpp"
#include "tools/gateway/http/message.hpp"

namespace ringside::gateway::deepstream {

namespace {

Error bad_answer(std::string what) {
    return {Errc::bad_request, "webhook answer: " + std::move(what)};
}

bool is_type(std::string_view type, std::string_view wanted) noexcept {
    return type.size() == wanted.size() &&
           strncasecmp(type.data(), wanted.data(), wanted.size()) == 0;
}

Login login_of_text(std::string_view text, bool is_permitted) {
    if (!is_permitted) return text.empty() ? Login{} : refused_with(text);
    return {.is_valid = true, .id = std::string(text.empty() ? unknown_user : text)};
}

Result<std::string> id_of(const Value& id) {
    if (id.is_null()) return std::string(unknown_user);
    if (id.is_integer()) return to_json(id);
    const auto text = id.as_string();
    if (!text) return bad_answer("id is not a string");
    return std::string(text->empty() ? unknown_user : *text);
}

Result<Login> login_of_object(const Value& answer, bool is_permitted) {
    const Value says = answer["isValid"];
    if (says.exists() && !says.is_boolean()) return bad_answer("isValid is not true or false");
    Login login{.client_data = user_data_of(answer["clientData"])};
    if (!is_permitted || says.as_bool() == false) return login;
    auto id = id_of(answer["id"]);
    if (!id) return id.error();
    const Value token = answer["token"];
    if (!token.is_null() && !token.is_string()) return bad_answer("token is not a string");
    login.is_valid = true;
    login.id = *std::move(id);
    login.server_data = user_data_of(answer["serverData"]);
    if (token.is_string()) login.token = token.as_string();
    return login;
}

Result<Login> login_of_json(std::string_view json, bool is_permitted) {
    const auto document = document_from_json(json);
    if (!document) return bad_answer(document.error().text());
    const Value root = Value::of(*document);
    if (root.is_object()) return login_of_object(root, is_permitted);
    if (root.is_null()) return login_of_text("", is_permitted);
    if (const auto text = root.as_string()) return login_of_text(*text, is_permitted);
    return bad_answer("neither a string nor an object");
}

}  // namespace

Result<Login> login_of_answer(const WebAnswer& answer, bool is_permitted) {
    if (answer.body.empty()) return login_of_text("", is_permitted);
    const std::string_view type = media_type(answer.content_type);
    if (is_type(type, "application/json") || is_type(type, "text/javascript")) {
        return login_of_json(answer.body, is_permitted);
    }
    // A body that is neither JSON nor text is ignored; the status decides.
    if (!is_type(type.substr(0, 5), "text/")) return login_of_text("", is_permitted);
    if (!simdjson::validate_utf8(answer.body)) return bad_answer("not UTF-8");
    return login_of_text(answer.body, is_permitted);
}

}  // namespace ringside::gateway::deepstream
