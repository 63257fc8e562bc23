#include "tools/gateway/access/authenticator.hpp"

#include <strings.h>
#include <toml++/toml.h>

#include <algorithm>

#include "tools/gateway/access/access_limits.hpp"

namespace ringside::gateway {

namespace {

using Outcome = Result<std::shared_ptr<const Identity>>;

Error not_authenticated(std::string why) { return {Errc::permission_denied, std::move(why)}; }

/// Compares two DNS names, ignoring case.
bool is_same_host(const std::string& left, const std::string& right) noexcept {
    return strcasecmp(left.c_str(), right.c_str()) == 0 && left.size() == right.size();
}

/// Returns the token after "Bearer" (RFC 6750, 2.1), or none if the scheme is another one.
std::optional<std::string_view> bearer_of(std::string_view authorization) noexcept {
    constexpr std::string_view scheme = "bearer ";
    if (authorization.size() <= scheme.size()) return std::nullopt;
    if (strncasecmp(authorization.data(), scheme.data(), scheme.size()) != 0) return std::nullopt;
    authorization.remove_prefix(
        std::min(authorization.find_first_not_of(' ', scheme.size()), authorization.size()));
    return authorization;
}

}  // namespace

bool has_logins(const toml::table& root) {
    const toml::array* methods = root["deepstream"]["auth"].as_array();
    if (methods == nullptr) return false;
    return std::any_of(methods->begin(), methods->end(), [](const toml::node& method) {
        const toml::table* table = method.as_table();
        const auto type = table == nullptr ? std::optional<std::string>()
                                           : (*table)["type"].value_exact<std::string>();
        return type != "open" && type != "none";
    });
}

Authenticator::Authenticator()
    : tokens_(std::make_unique<LruCache<Digest, VerifiedToken, DigestHash>>(
          access_limits::cached_tokens_max)) {
    auto anonymous = std::make_shared<Identity>();
    anonymous->user = anonymous_user;
    anonymous->is_anonymous = true;
    anonymous_ = std::move(anonymous);
}

Result<Authenticator> Authenticator::from(const toml::table& root,
                                          const std::filesystem::path& path) {
    const tools::TomlFile file(path);
    Authenticator authenticator;
    auto keys = ApiKeys::from(root, file);
    if (!keys) return keys.error();
    authenticator.api_keys_ = std::move(*keys);
    const auto jwt = file.table(root, "jwt");
    if (!jwt) return jwt.error();
    if (*jwt != nullptr) {
        auto verifier = JwtVerifier::from(**jwt, file);
        if (!verifier) return verifier.error();
        authenticator.jwt_ = std::move(*verifier);
    }
    if (auto read = authenticator.read_certificates(root, file); !read) return read.error();
    if (auto read = authenticator.read_access(root, file); !read) return read.error();
    return authenticator;
}

Result<void> Authenticator::read_access(const toml::table& root, const tools::TomlFile& file) {
    has_logins_ = has_logins(root);
    allows_anonymous_ = is_for_everybody();
    const auto access = file.table(root, "access");
    if (!access) return access.error();
    if (*access == nullptr) return {};
    if (auto read =
            file.read(**access, "[access]", {{"allow_anonymous", file.to(allows_anonymous_)}});
        !read) {
        return read;
    }
    if (allows_anonymous_ || !is_for_everybody()) return {};
    return file.error_at(**access,
                         "no client could authenticate because allow_anonymous is false; add "
                         "[[api_key]], [jwt], [[certificate]] or [[deepstream.auth]]");
}

Result<void> Authenticator::read_certificates(const toml::table& root,
                                              const tools::TomlFile& file) {
    return file.each_table(root, "certificate", [&](const toml::table& table) -> Result<void> {
        CertificateUser entry;
        auto identity = std::make_shared<Identity>();
        if (auto read = file.read(table, "a certificate",
                                  {{"common_name", file.to(entry.common_name)},
                                   {"dns_name", file.to(entry.dns_name)},
                                   {"user", file.to(identity->user)}});
            !read) {
            return read;
        }
        if (identity->user.empty() || entry.common_name.empty() == entry.dns_name.empty()) {
            return file.error_at(
                table, "[[certificate]] is incomplete; set user, and common_name or dns_name");
        }
        if (auto checked = check_level(identity->user); !checked) {
            return file.error_at(*table.get("user"), checked.error().text());
        }
        entry.identity = std::move(identity);
        certificates_.push_back(std::move(entry));
        return {};
    });
}

Outcome Authenticator::authenticate(const Credentials& credentials,
                                    std::chrono::system_clock::time_point now) const {
    if (is_for_everybody()) return anonymous_;
    const int brought = int(!credentials.authorization.empty()) +
                        int(!credentials.api_key.empty()) + int(!credentials.access_token.empty());
    if (brought > 1) {
        return not_authenticated("more than one of Authorization, X-API-Key and access_token");
    }
    if (!credentials.api_key.empty()) return of_key(credentials.api_key);
    if (!credentials.access_token.empty()) return of_bearer(credentials.access_token, now);
    if (!credentials.authorization.empty()) {
        const auto token = bearer_of(credentials.authorization);
        if (!token) return not_authenticated("Authorization scheme is not Bearer");
        return of_bearer(*token, now);
    }
    if (credentials.certificate != nullptr && !certificates_.empty()) {
        return of_certificate(*credentials.certificate, now);
    }
    if (allows_anonymous_) return anonymous_;
    return not_authenticated("no credentials");
}

Outcome Authenticator::of_key(std::string_view key) const {
    if (key.size() > access_limits::credential_bytes_max)
        return not_authenticated("API key too long");
    auto identity = api_keys_.find(digest_of(key));
    if (!identity) return not_authenticated("unknown API key");
    return identity;
}

Outcome Authenticator::of_bearer(std::string_view token,
                                 std::chrono::system_clock::time_point now) const {
    if (token.size() > access_limits::credential_bytes_max)
        return not_authenticated("token too long");
    const Digest digest = digest_of(token);
    if (auto identity = api_keys_.find(digest)) return identity;
    if (!jwt_) return not_authenticated("unknown API key, and [jwt] is not configured");
    if (token.find('.') == std::string_view::npos) {
        return not_authenticated("neither a known API key nor a JSON Web Token");
    }
    if (const auto known = tokens_->find(digest)) {
        if (now < known->expires) return known->identity;
        tokens_->erase(digest);
        return not_authenticated("token has expired");
    }
    auto verified = jwt_->verify(token, now);
    if (!verified) return verified.error();
    tokens_->store(digest, *verified);
    return verified->identity;
}

Outcome Authenticator::of_certificate(const ClientCertificate& certificate,
                                      std::chrono::system_clock::time_point now) const {
    // TLS checked it when the connection was opened, which might be long ago.
    if (now > certificate.expires) return not_authenticated("the client certificate has expired");
    for (const CertificateUser& entry : certificates_) {
        const bool fits =
            entry.dns_name.empty()
                ? entry.common_name == certificate.common_name
                : std::any_of(certificate.dns_names.begin(), certificate.dns_names.end(),
                              [&](const std::string& dns_name) {
                                  return is_same_host(dns_name, entry.dns_name);
                              });
        if (fits) return entry.identity;
    }
    return not_authenticated("client certificate matches no user");
}

}  // namespace ringside::gateway
