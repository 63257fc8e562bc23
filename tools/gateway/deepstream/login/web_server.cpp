#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

#include "tools/gateway/deepstream/login/web_post.hpp"

namespace ringside::gateway::deepstream {

namespace {

Error bad_server(std::string what) { return {Errc::bad_configuration, std::move(what)}; }

bool is_port(std::string_view digits) noexcept {
    std::uint16_t port = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stopped, failed] = std::from_chars(digits.data(), end, port);
    return failed == std::errc() && stopped == end && port != 0;
}

Result<std::shared_ptr<ssl::context>> make_client_tls(const std::string& host,
                                                      const std::string& ca) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    error_code failed;
    context->set_options(
        ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1,
        failed);
    if (failed) return bad_server("TLS options: " + failed.message());
    if (ca.empty()) context->set_default_verify_paths(failed);
    else context->load_verify_file(ca, failed);
    if (failed)
        return bad_server((ca.empty() ? "system CA certificates" : ca) + ": " + failed.message());
    context->set_verify_mode(ssl::verify_peer, failed);
    if (failed) return bad_server("TLS verify mode: " + failed.message());
    context->set_verify_callback(ssl::host_name_verification(host), failed);
    if (failed) return bad_server("TLS verification: " + failed.message());
    return context;
}

}  // namespace

Result<WebServer> parse_web_server(const std::string& url, const std::string& ca) {
    const auto parsed = boost::urls::parse_uri(url);
    const bool is_https = parsed && parsed->scheme_id() == boost::urls::scheme::https;
    if (!parsed || (!is_https && parsed->scheme_id() != boost::urls::scheme::http)) {
        return bad_server("not an http or https URL");
    }
    if (parsed->has_userinfo()) return bad_server("URL contains a user or password; remove it");
    if (parsed->has_fragment()) return bad_server("URL contains '#'; remove the fragment");
    if (parsed->host().empty()) return bad_server("URL has no host");
    if (!is_https && !ca.empty()) return bad_server("ca needs an https URL");
    WebServer server;
    server.host = parsed->host_address();
    server.port = parsed->port().empty() ? (is_https ? "443" : "80") : std::string(parsed->port());
    if (!is_port(server.port)) return bad_server("invalid port; use 1 to 65535");
    server.authority = std::string(parsed->encoded_host_and_port());
    server.target = std::string(parsed->encoded_target());
    if (!server.target.starts_with('/')) server.target.insert(0, "/");
    if (!is_https) return server;
    auto tls = make_client_tls(server.host, ca);
    if (!tls) return tls.error();
    server.tls = *std::move(tls);
    return server;
}

}  // namespace ringside::gateway::deepstream
