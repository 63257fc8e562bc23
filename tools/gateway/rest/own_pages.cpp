#include "tools/gateway/rest/own_pages.hpp"

#include "tools/gateway/console/console_files.hpp"
#include "tools/gateway/http/conditions.hpp"
#include "tools/gateway/http/gzip.hpp"
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
    const auto conditions = Conditions::parse(request);
    if (!conditions) return Response::of(conditions.error());
    Response response{.content_type = file->content_type};
    response.etag = file->etag.substr(1, file->etag.size() - 2);
    response.add("Cache-Control", "no-cache");
    response.add("Content-Security-Policy", console_security_policy);
    response.add("X-Content-Type-Options", "nosniff");
    response.add("Referrer-Policy", "no-referrer");
    const bool takes_gzip = accepts_gzip(request);
    const auto has_tag = [&](const EntityTag& tag) {
        return is_current(tag, response.etag, takes_gzip);
    };
    switch (conditions->evaluate({.has_tag = has_tag, .modified = {}, .exists = true}, true)) {
        case Conditions::Verdict::proceed: response.body = file->content; break;
        case Conditions::Verdict::not_modified:
            response.status = 304;
            response.etag = known_tag(*conditions, response.etag, takes_gzip);
            break;
        case Conditions::Verdict::failed:
            return Response::of({412, "condition_failed", "file has another entity tag"});
    }
    return response;
}

}  // namespace ringside::gateway
