#include "tools/gateway/rest/request_checks.hpp"

#include <fmt/format.h>

#include <array>
#include <bitset>
#include <boost/beast/core/string.hpp>

#include "tools/gateway/rest/parameters.hpp"

namespace ringside::gateway {

bool is_same_text(std::string_view left, std::string_view right) noexcept {
    return boost::beast::iequals({left.data(), left.size()}, {right.data(), right.size()});
}

std::optional<Problem> check_fields(const Request& request) {
    constexpr std::array<std::string_view, 11> single = {"Authorization",
                                                         "X-API-Key",
                                                         "Origin",
                                                         "Content-Type",
                                                         "Content-Encoding",
                                                         "Content-Range",
                                                         "Last-Event-ID",
                                                         "Ringside-Timeout",
                                                         "Ringside-Idempotent",
                                                         "Sec-WebSocket-Key",
                                                         "Access-Control-Request-Method"};
    std::bitset<single.size()> seen;
    for (const auto& field : request.message) {
        const auto name = field.name_string();
        for (std::size_t i = 0; i < single.size(); ++i) {
            if (!is_same_text({name.data(), name.size()}, single[i])) continue;
            if (seen[i]) {
                return Problem{400, "bad_http", fmt::format("more than one {} header", single[i])};
            }
            seen.set(i);
        }
    }
    return std::nullopt;
}

std::optional<Response> check_content(const Request& request) {
    const std::string_view coding = request.header(http::field::content_encoding);
    if (!coding.empty() && !is_same_text(coding, "identity")) {
        Response refusal = Response::of(
            {415, "bad_content_encoding", "unsupported Content-Encoding; send the body unencoded"});
        refusal.add("Accept-Encoding", "identity");
        return refusal;
    }
    if (!request.is_read() && request.message.count(http::field::content_range) > 0) {
        return Response::of(
            {400, "bad_content_range",
             "Content-Range is not supported; write part of a record with a pointer or a patch"});
    }
    return std::nullopt;
}

std::optional<Problem> refuse_conditions(const Request& request) {
    for (const auto field :
         {http::field::if_match, http::field::if_none_match, http::field::if_unmodified_since}) {
        if (request.message.count(field) == 0) continue;
        return Problem{
            400, "bad_condition",
            "conditional headers are not supported here; use if_version and if_revision"};
    }
    return std::nullopt;
}

bool is_query(const Request& request) noexcept {
    const auto& path = request.segments;
    return path.size() == 2 && path[0] == "v1" && path[1] == "query";
}

bool is_embedded_elsewhere(const Request& request) {
    const std::string_view site = request.header("Sec-Fetch-Site");
    if (site.empty() || site == "same-origin" || site == "none") return false;
    return request.header("Sec-Fetch-Mode") != "navigate" ||
           request.header("Sec-Fetch-Dest") != "document";
}

std::string shown_target(const Request& request) {
    constexpr std::size_t bytes_max = 200;
    std::string text(request.path().substr(0, bytes_max));
    char separator = '?';
    for (const auto& [name, value] : request.parameters.pairs()) {
        if (name == access_token) continue;
        text += std::exchange(separator, '&');
        text += percent_encoded(name) + '=' + percent_encoded(value);
    }
    return text.substr(0, bytes_max);
}

}  // namespace ringside::gateway
