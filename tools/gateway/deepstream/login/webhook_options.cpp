#include <toml++/toml.h>
#include <algorithm>
#include <array>

#include "tools/gateway/deepstream/login/header_name.hpp"
#include "tools/gateway/deepstream/login/login_limits.hpp"
#include "tools/gateway/deepstream/login/webhook_login.hpp"

namespace ringside::gateway::deepstream {

namespace {

tools::TomlFile::Take to_status_codes(const tools::TomlFile& file, std::vector<unsigned>& codes) {
    return [&](std::string_view key, const toml::node& node) -> Result<void> {
        const std::string wanted = std::string(key) + " must be a list of status codes";
        const toml::array* list = node.as_array();
        if (list == nullptr) return file.error_at(node, wanted);
        if (list->size() > login_limits::status_codes_max) {
            return file.error_at(
                node, wanted + ", at most " + std::to_string(login_limits::status_codes_max));
        }
        codes.clear();
        for (const toml::node& item : *list) {
            std::int64_t code = 0;
            if (auto taken = file.to(code, 100, 599)(key, item); !taken) return taken;
            codes.push_back(static_cast<unsigned>(code));
        }
        return {};
    };
}

tools::TomlFile::Take to_ms(const tools::TomlFile& file, std::chrono::milliseconds& time,
                            std::int64_t least, std::int64_t most) {
    return
        [&file, &time, least, most](std::string_view key, const toml::node& node) -> Result<void> {
            std::int64_t ms = 0;
            if (auto taken = file.to(ms, least, most)(key, node); !taken) return taken;
            time = std::chrono::milliseconds(ms);
            return {};
        };
}

/// Returns whether a client may set a header: a valid name (RFC 9110, 5.6.2) on which the request
/// does not depend.
bool can_be_promoted(const std::string& name) {
    constexpr std::array<std::string_view, 14> own = {
        "host",       "content-length", "content-type", "content-encoding", "transfer-encoding",
        "connection", "keep-alive",     "upgrade",      "expect",           "te",
        "trailer",    "accept",         "user-agent",   "proxy-connection"};
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";
    const std::string lower = lower_case(name);
    return !lower.empty() && lower.find_first_not_of(letters) == std::string::npos &&
           std::find(own.begin(), own.end(), lower) == own.end();
}

Result<void> check_promoted(const toml::table& table, const tools::TomlFile& file,
                            const std::vector<std::string>& names) {
    if (names.size() > login_limits::promoted_headers_max) {
        return file.error_at(*table.get("promote_to_header"),
                             "promote_to_header has more than " +
                                 std::to_string(login_limits::promoted_headers_max) + " names");
    }
    for (const std::string& name : names) {
        if (can_be_promoted(name)) continue;
        return file.error_at(*table.get("promote_to_header"),
                             "'" + name + "' is not a header that clients can set");
    }
    return {};
}

}  // namespace

Result<WebhookOptions> read_webhook_options(const toml::table& table, const tools::TomlFile& file,
                                            bool is_only_method) {
    using namespace login_limits;
    WebhookOptions options;
    options.is_last_word = is_only_method;
    std::string url;
    std::filesystem::path ca;
    const auto passed_over = [](std::string_view, const toml::node&) -> Result<void> { return {}; };
    auto read = file.read(
        table, "a method 'http'",
        {{"type", passed_over},
         {"endpoint_url", file.to(url)},
         {"ca", file.to(ca)},
         {"permitted_status_codes", to_status_codes(file, options.permitted_status_codes)},
         {"request_timeout_ms", to_ms(file, options.request_time, 1, request_timeout_ms_max)},
         {"retry_status_codes", to_status_codes(file, options.retry_status_codes)},
         {"retry_attempts", file.to(options.retry_attempts, 0, retry_attempts_max)},
         {"retry_interval_ms", to_ms(file, options.retry_interval, 0, retry_interval_ms_max)},
         {"recheck_interval_ms",
          to_ms(file, options.recheck_interval, recheck_interval_ms_min, recheck_interval_ms_max)},
         {"promote_to_header", file.to(options.promoted_headers)},
         {"report_invalid_parameters", file.to(options.is_last_word)}});
    if (!read) return read.error();
    if (url.empty()) return file.error_at(table, "method 'http' is incomplete; set endpoint_url");
    if (options.permitted_status_codes.empty()) {
        return file.error_at(*table.get("permitted_status_codes"),
                             "permitted_status_codes permits no client; add a status code");
    }
    if (auto checked = check_promoted(table, file, options.promoted_headers); !checked) {
        return checked.error();
    }
    auto server = parse_web_server(url, ca);
    if (!server) return file.error_at(*table.get("endpoint_url"), server.error().detail);
    options.server = std::make_shared<const WebServer>(*std::move(server));
    return options;
}

}  // namespace ringside::gateway::deepstream
