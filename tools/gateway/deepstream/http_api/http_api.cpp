#include "tools/gateway/deepstream/http_api/http_api.hpp"

#include <boost/beast/core/string.hpp>

#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/http_api/api_request.hpp"
#include "tools/gateway/deepstream/http_api/batch.hpp"
#include "tools/gateway/deepstream/login/login_request.hpp"

namespace ringside::gateway::deepstream {

namespace {

constexpr std::string_view methods = "GET, POST, OPTIONS";
constexpr std::string_view body_end = "\r\n\r\n";

Response refusal(unsigned status, std::string text) {
    return {.status = status,
            .content_type = "text/plain; charset=utf-8",
            .body = std::move(text += body_end)};
}

Response refusal(const Problem& problem) { return refusal(problem.status, problem.detail); }

Response json(std::string body) {
    return {.content_type = "application/json; charset=utf-8", .body = std::move(body += body_end)};
}

bool is_json(const Request& request) {
    const std::string_view type = media_type(request.header(http::field::content_type));
    return boost::beast::iequals({type.data(), type.size()}, "application/json");
}

std::string login_answer(const Login& login) {
    std::string text = "{";
    if (login.token) {
        text += R"("token":)";
        append_json_string(*login.token, text);
    }
    if (login.client_data) {
        if (text.size() > 1) text += ',';
        (text += R"("clientData":)") += *login.client_data;
    }
    return text += '}';
}

}  // namespace

bool HttpApi::serves(std::string_view path) const noexcept {
    const Options& options = hub_.options;
    return path == options.http_path || path == options.http_auth_path ||
           path == options.health_path;
}

Task<Response> HttpApi::handle(const Request& request) {
    if (request.method() == http::verb::post) co_return co_await post(request);
    if (request.is_read()) co_return get(request);
    if (request.method() == http::verb::options) {
        co_return refusal(400, R"(Missing header "Access-Control-Request-Method".)");
    }
    Response other = refusal(405, "Unsupported method. Supported methods: " + std::string(methods));
    other.add("Allow", methods);
    co_return other;
}

Response HttpApi::get(const Request& request) const {
    if (request.path() == hub_.options.health_path) {
        return {.content_type = "application/json; charset=utf-8"};
    }
    return refusal(400,
                   "Reading records via HTTP GET is not yet implemented, please use a post request "
                   "instead.");
}

Task<Response> HttpApi::post(const Request& request) {
    if (!is_json(request)) {
        co_return refusal(
            415, R"(Invalid "Content-Type" header. Supported media types: "application/json")");
    }
    if (request.body().size() > static_cast<std::size_t>(hub_.options.message_bytes_max)) {
        co_return refusal(400, "Failed to parse body of request: request entity too large");
    }
    if (request.path() == hub_.options.http_path) co_return co_await post_messages(request);
    if (request.path() == hub_.options.http_auth_path) co_return co_await post_login(request);
    co_return refusal(404, "Endpoint not found.");
}

Task<Login> HttpApi::log_in(const Request& request, std::string auth_data) {
    auto login = login_request(request.message, request.peer, std::move(auth_data));
    const auto target = request.message.target();
    login.url.assign(target.data(), target.size());
    auto task = hub_.log_in(std::move(login));
    co_return co_await std::move(task);
}

Task<Response> HttpApi::post_messages(const Request& request) {
    const auto body = ApiRequest::parse(request.body());
    if (!body) co_return refusal(body.error());
    std::string auth_data = body->auth_data();
    const Login login = co_await log_in(request, std::move(auth_data));
    if (!login.is_valid) co_return refusal(401, "Unsuccessful authentication attempt.");
    if (hub_.grid().is_attaching()) co_await hub_.grid().await_reader();
    Requester requester = hub_.requester_for(login, request.peer.address().to_string());
    if (const auto problem = check_rate_(requester, requester.address)) {
        co_return Response::of(*problem);
    }
    auto messages = body->messages();
    if (!messages) co_return refusal(messages.error());
    auto batch = std::make_shared<Batch>(hub_, login, std::move(requester), *std::move(messages));
    co_return json(co_await Batch::run(std::move(batch), hub_.options.http_request_time));
}

Task<Response> HttpApi::post_login(const Request& request) {
    const auto document = document_of_body(request.body());
    if (!document) co_return refusal(document.error());
    std::string auth_data = to_json(Value::of(*document));
    const Login login = co_await log_in(request, std::move(auth_data));
    if (!login.is_valid) co_return refusal(401, "Invalid authentication data.");
    const Requester requester = hub_.requester_for(login, request.peer.address().to_string());
    if (const auto problem = check_rate_(requester, requester.address)) {
        co_return Response::of(*problem);
    }
    co_return json(login_answer(login));
}

}  // namespace ringside::gateway::deepstream
