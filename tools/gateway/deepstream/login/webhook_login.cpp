#include "tools/gateway/deepstream/login/webhook_login.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <map>

#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/login/header_name.hpp"
#include "tools/gateway/deepstream/login/login_limits.hpp"
#include "tools/gateway/deepstream/login/webhook_answer.hpp"

namespace ringside::gateway::deepstream {

namespace {

constexpr std::string_view webhook_proof = "webhook";

bool has(const std::vector<unsigned>& codes, unsigned code) noexcept {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// Converts the bytes of a header from ISO 8859-1 to UTF-8. The bytes may have any value.
std::string from_latin1(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) {
        const auto code = static_cast<unsigned char>(byte);
        if (code < 0x80) {
            text += byte;
        } else {
            text += static_cast<char>(0xC0 | code >> 6);
            text += static_cast<char>(0x80 | (code & 0x3F));
        }
    }
    return text;
}

void append_member(std::string_view name, std::string_view value, std::string& out) {
    if (out.back() != '{') out += ',';
    append_json_string(name, out);
    out += ':';
    append_json_string(value, out);
}

/// Describes the client's connection: {"remoteAddress": …, "headers": {…}}, with names in lower
/// case.
std::string connection_data(const LoginRequest& request) {
    std::map<std::string, std::string> headers;
    for (const auto& [name, value] : request.headers) {
        std::string& held = headers[lower_case(from_latin1(name))];
        if (!held.empty()) held += ", ";
        held += from_latin1(value);
    }
    std::string text = "{";
    append_member("remoteAddress", from_latin1(request.remote_address), text);
    if (const auto referer = headers.find("referer"); referer != headers.end()) {
        append_member("referer", referer->second, text);
    }
    if (!request.url.empty()) append_member("url", from_latin1(request.url), text);
    text += R"(,"headers":{)";
    for (const auto& [name, value] : headers) append_member(name, value, text);
    return text + "}}";
}

/// Values that JavaScript treats as false are not sent; an object cannot be a header.
Result<std::string> header_of(const Value& value) {
    const auto text = value.as_string();
    if (!text) {
        if (value.is_container()) return Error(Errc::bad_request);
        const bool is_nothing =
            value.is_null() || value.as_bool() == false || value.as_double() == 0.0;
        return is_nothing ? std::string() : to_json(value);
    }
    const bool is_header = std::all_of(text->begin(), text->end(), [](char byte) {
        const auto code = static_cast<unsigned char>(byte);
        return code >= 0x20 && code != 0x7F;
    });
    if (!is_header) return Error(Errc::bad_request);
    return std::string(*text);
}

}  // namespace

Result<WebPost> WebhookLogin::post_of(const LoginAttempt& attempt) const {
    ++*under_way_;
    const auto leave = [count = under_way_](void*) { --*count; };
    WebPost post{.headers = {},
                 .body = R"({"connectionData":)",
                 .held = std::shared_ptr<void>(nullptr, leave)};
    for (const std::string& name : options_.promoted_headers) {
        auto value = header_of(attempt.auth_data[name]);
        if (!value)
            return Error(Errc::bad_request, "value of '" + name + "' is not valid in a header");
        if (!value->empty()) post.headers.emplace_back(name, *std::move(value));
    }
    post.body += connection_data(attempt.request);
    post.body += R"(,"authData":)" + attempt.request.auth_data + '}';
    return post;
}

Task<std::optional<Login>> WebhookLogin::decide(const LoginAttempt& attempt) const {
    if (*under_way_ >= login_limits::webhooks_max) {
        log_refusal(attempt.request, "too many webhook requests are pending");
        co_return Login{.is_undecided = true};
    }
    const auto post = post_of(attempt);
    if (!post) {
        log_refusal(attempt.request, post.error().detail);
        co_return Login{};
    }
    for (std::int64_t tries_left = options_.retry_attempts;; --tries_left) {
        WebPost sent = *post;
        const auto answer =
            co_await post_json(options_.server, std::move(sent), options_.request_time);
        if (answer && !has(options_.retry_status_codes, answer->status)) {
            co_return judge(attempt, *answer);
        }
        spdlog::warn("webhook {}: {}", options_.server->authority,
                     answer ? fmt::format("answered with status {}", answer->status)
                            : answer.error().detail);
        if (tries_left == 0) break;
        const Executor loop = co_await asio::this_coro::executor;
        Timer pause(loop, options_.retry_interval);
        co_await pause.async_wait(use_task);
    }
    log_refusal(attempt.request, "no decision from the webhook");
    Login undecided =
        options_.is_last_word ? refused_with("AUTH_RETRY_ATTEMPTS_EXCEEDED") : Login{};
    undecided.is_undecided = true;
    co_return undecided;
}

bool WebhookLogin::still_knows(const Login& login) const { return login.proof == webhook_proof; }

std::optional<Login> WebhookLogin::judge(const LoginAttempt& attempt,
                                         const WebAnswer& answer) const {
    const bool is_permitted = has(options_.permitted_status_codes, answer.status);
    auto login = login_of_answer(answer, is_permitted);
    if (!login) {
        log_refusal(attempt.request, login.error().detail);
        return Login{.is_undecided = true};
    }
    if (is_permitted && login->is_valid) {
        login->proof = webhook_proof;
        login->request = std::make_shared<const LoginRequest>(attempt.request);
        login->recheck_interval = options_.recheck_interval;
        return *std::move(login);
    }
    log_refusal(attempt.request, fmt::format("webhook answered with status {}", answer.status));
    constexpr unsigned server_error = 500;  // has not decided
    login->is_undecided = !is_permitted && answer.status >= server_error;
    if (options_.is_last_word || is_permitted) return *std::move(login);
    return login->is_undecided ? std::optional(Login{.is_undecided = true}) : std::nullopt;
}

}  // namespace ringside::gateway::deepstream
