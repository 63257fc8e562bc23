#include "tools/gateway/http/message.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace ringside::gateway {

Response Response::of(const Problem& problem) {
    Response response{.status = problem.status, .content_type = "application/problem+json"};
    response.body = problem.to_json();
    if (problem.retry_after) {
        response.add("Retry-After", std::to_string(problem.retry_after->count()));
    }
    // RFC 9110, 11.6.1
    if (problem.status == 401) response.add("WWW-Authenticate", "Bearer realm=\"ringside\"");
    return response;
}

std::string_view media_type(std::string_view content_type) noexcept {
    content_type = content_type.substr(0, content_type.find(';'));
    return content_type.substr(0, content_type.find_last_not_of(" \t") + 1);
}

std::optional<std::string> Request::list(http::field field) const {
    std::optional<std::string> values;
    for (const auto& line : message) {
        if (line.name() != field) continue;
        if (values) *values += ", ";
        else values.emplace();
        values->append(line.value().data(), line.value().size());
    }
    return values;
}

std::optional<Problem> parse_target(Request& request) {
    const auto target = request.message.target();
    if (target == "*" && request.method() == http::verb::options) return std::nullopt;
    const boost::urls::string_view text(target.data(), target.size());
    const bool is_path = text.starts_with("/");
    const auto url =
        is_path ? boost::urls::parse_origin_form(text) : boost::urls::parse_absolute_uri(text);
    const bool is_http = url && (is_path || url->scheme_id() == boost::urls::scheme::http ||
                                 url->scheme_id() == boost::urls::scheme::https);
    if (!is_http || (!is_path && (url->host().empty() || url->has_userinfo()))) {
        return Problem{400, "bad_target",
                       "invalid target; use a percent-encoded path and parameters (RFC 3986)"};
    }
    for (auto segment : url->segments()) request.segments.push_back(std::move(segment));
    for (auto parameter : url->params()) {
        request.parameters.add(std::move(parameter.key), std::move(parameter.value));
    }
    if (is_path) return std::nullopt;
    // The host of the target replaces that of the field Host (RFC 9112, 3.2.2).
    const std::string host(url->encoded_host_and_port());
    std::string path(url->encoded_target());
    if (!path.starts_with('/')) path.insert(0, "/");
    request.message.set(http::field::host, host);
    request.message.target(path);
    return std::nullopt;
}

}  // namespace ringside::gateway
