#include "tools/gateway/rest/own_pages.hpp"

#include "tools/gateway/console/console_files.hpp"
#include "tools/gateway/openapi/openapi_document.hpp"
#include "tools/gateway/rest/parameters.hpp"

namespace ringside::gateway {

namespace {

std::optional<StaticFile> file_of(const Request& request) {
    std::string path;
    for (const std::string& segment : request.segments) (path += '/') += segment;
    if (path.empty()) path = "/";
    if (path == openapi_document().path) return openapi_document();
    return console_file(path);
}

}  // namespace

std::optional<Response> own_page(const Request& request) {
    const auto file = file_of(request);
    if (!file) return std::nullopt;
    if (!request.is_read()) return other_method(request, "GET, HEAD, OPTIONS");
    Response response{.content_type = file->content_type};
    response.add("ETag", file->etag);
    response.add("Cache-Control", "no-cache");
    response.add("Content-Security-Policy", console_security_policy);
    response.add("X-Content-Type-Options", "nosniff");
    response.add("Referrer-Policy", "no-referrer");
    if (request.header(http::field::if_none_match).find(file->etag) != std::string_view::npos) {
        response.status = 304;
    } else {
        response.body = file->content;
    }
    return response;
}

}  // namespace ringside::gateway
