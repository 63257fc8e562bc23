#include "tools/gateway/deepstream/http_api/api_request.hpp"

#include <fmt/format.h>

#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/client_text.hpp"
#include "tools/gateway/deepstream/login/login.hpp"

namespace ringside::gateway::deepstream {

namespace {

Problem bad_request(std::string detail) { return {400, "bad_request", std::move(detail)}; }

/// Returns whether JavaScript treats the value as false.
bool is_nothing(const Value& value) noexcept {
    return value.is_null() || value.as_bool() == false || value.as_double() == 0.0 ||
           value.as_string() == "";
}

Outcome<std::string> auth_data_of(const Value& root) {
    const Value auth_data = root["authData"];
    if (auth_data.exists()) {
        if (auth_data.is_container()) return to_json(auth_data);
        return bad_request(R"(Invalid message: the "authData" parameter must be an object)");
    }
    const Value token = root["token"];
    if (!token.exists()) return std::string("{}");
    const auto text = token.as_string();
    if (text && !text->empty()) return auth_data_of_token(*text);
    return bad_request(R"(Invalid message: the "token" parameter must be a non-empty string)");
}

}  // namespace

Outcome<Bytes> document_of_body(std::string_view body) {
    auto document =
        document_from_json(body.empty() ? "{}" : to_utf8_json(std::string(body)), envelope_limits);
    if (!document) {
        return bad_request("Failed to parse body of request: " + document.error().text());
    }
    if (Value::of(*document).is_container()) return *std::move(document);
    return bad_request("Failed to parse body of request: it is neither an object nor an array");
}

Outcome<ApiRequest> ApiRequest::parse(std::string_view body) {
    auto document = document_of_body(body);
    if (!document) return document.error();
    const Value root = Value::of(*document);
    const Value messages = root["body"];
    if (is_nothing(messages)) {
        return bad_request(R"(Invalid message: the "body" parameter must exist.)");
    }
    if (!messages.is_array() || messages.size() == 0) {
        return bad_request(
            R"(Invalid message: the "body" parameter must be a non-empty array of Objects.)");
    }
    auto auth_data = auth_data_of(root);
    if (!auth_data) return auth_data.error();
    return ApiRequest(*std::move(document), *std::move(auth_data));
}

Outcome<std::vector<Jif>> ApiRequest::messages() const {
    std::vector<Jif> parsed;
    for (const Value message : Value::of(document_)["body"].elements()) {
        auto jif = Jif::parse(message);
        if (!jif) {
            std::string text =
                fmt::format("Failed to parse JIF object at index {}.", parsed.size());
            if (!jif.error().detail.empty()) text += " Reason: " + jif.error().detail;
            return bad_request(std::move(text));
        }
        parsed.push_back(*std::move(jif));
    }
    return parsed;
}

}  // namespace ringside::gateway::deepstream
