#include "tools/gateway/access/cors.hpp"

#include <toml++/toml.h>
#include <algorithm>

#include "tools/gateway/access/access_limits.hpp"
#include "tools/support/toml_file.hpp"

namespace ringside::gateway {

namespace {

/// The methods of the gateway's interface, see docs/gateway.md.
constexpr std::string_view allowed_methods = "GET, HEAD, PUT, PATCH, POST, DELETE";
constexpr std::string_view allowed_headers =
    "Authorization, Content-Type, X-API-Key, If-Match, If-None-Match, If-Modified-Since, "
    "If-Unmodified-Since, Last-Event-ID, Ringside-Timeout, Ringside-Idempotent";
constexpr std::string_view exposed_headers =
    "ETag, Retry-After, Ringside-Revision, Ringside-Expires, WWW-Authenticate";

/// Returns whether a text has the form of a browser's Origin header (RFC 6454, 6.2): scheme, host
/// in lower case and port, and nothing after them.
bool is_origin(std::string_view text) noexcept {
    const bool is_https = text.starts_with("https://");
    if (!is_https && !text.starts_with("http://")) return false;
    text.remove_prefix(is_https ? 8 : 7);
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               std::string_view("-._:[]").find(c) != std::string_view::npos;
    });
}

}  // namespace

Result<Cors> Cors::from(const toml::table& root, const std::filesystem::path& path) {
    const tools::TomlFile file(path);
    Cors cors;
    const auto table = file.table(root, "cors");
    if (!table) return table.error();
    if (*table == nullptr) return cors;
    const auto take_origins = [&](std::string_view key, const toml::node& node) -> Result<void> {
        if (node.is_string()) {
            cors.origins_.push_back(node.as_string()->get());
        } else if (auto taken = file.to(cors.origins_)(key, node); !taken) {
            return taken;
        }
        cors.is_for_all_ = cors.origins_.size() == 1 && cors.origins_.front() == "*";
        for (const std::string& origin : cors.origins_) {
            if (cors.is_for_all_ || is_origin(origin)) continue;
            return file.error_at(
                node,
                "'" + origin +
                    "' is not an origin; use for example 'https://example.com', or '*' alone");
        }
        return {};
    };
    if (auto read = file.read(
            **table, "[cors]",
            {{"origins", take_origins},
             {"credentials", file.to(cors.has_credentials_)},
             {"max_age_s", file.to(cors.max_age_s_, 0, access_limits::cors_max_age_s_max)}});
        !read) {
        return read.error();
    }
    if (cors.origins_.empty()) return file.error_at(**table, "[cors] is incomplete; set origins");
    if (cors.is_for_all_ && cors.has_credentials_) {
        return file.error_at(**table,
                             "credentials = true needs named origins; replace '*' by the origins");
    }
    return cors;
}

bool Cors::allows(std::string_view origin) const noexcept {
    return is_for_all_ || std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

Cors::Headers Cors::common(std::string_view origin) const {
    if (is_for_all_) return {{"Access-Control-Allow-Origin", "*"}};
    Headers headers;
    // Caches need Vary even if the response names no origin.
    if (!origins_.empty()) headers.emplace_back("Vary", "Origin");
    if (!allows(origin)) return headers;
    headers.emplace_back("Access-Control-Allow-Origin", origin);
    if (has_credentials_) headers.emplace_back("Access-Control-Allow-Credentials", "true");
    return headers;
}

Cors::Headers Cors::simple(std::string_view origin) const {
    Headers headers = common(origin);
    if (allows(origin)) headers.emplace_back("Access-Control-Expose-Headers", exposed_headers);
    return headers;
}

Cors::Headers Cors::preflight(std::string_view origin) const {
    Headers headers = common(origin);
    if (!allows(origin)) return headers;
    headers.emplace_back("Access-Control-Allow-Methods", allowed_methods);
    headers.emplace_back("Access-Control-Allow-Headers", allowed_headers);
    headers.emplace_back("Access-Control-Max-Age", std::to_string(max_age_s_));
    return headers;
}

}  // namespace ringside::gateway
