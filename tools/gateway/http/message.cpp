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

std::optional<Problem> parse_target(Request& request) {
    const auto target = request.message.target();
    const boost::urls::string_view text(target.data(), target.size());
    // What is sent to a proxy has the whole URI: RFC 9112, 3.2.2.
    const auto url = text.starts_with("http://") || text.starts_with("https://")
                         ? boost::urls::parse_absolute_uri(text)
                         : boost::urls::parse_origin_form(text);
    if (!url) {
        return Problem{400, "bad_target",
                       "the target is not a path and parameters, percent-encoded (RFC 3986)"};
    }
    for (auto segment : url->segments()) request.segments.push_back(std::move(segment));
    for (auto parameter : url->params()) {
        request.parameters.add(std::move(parameter.key), std::move(parameter.value));
    }
    return std::nullopt;
}

}  // namespace ringside::gateway
