#include "tools/gateway/access/jwt.hpp"

#include <algorithm>
#include <array>

#include "shm/document/json.hpp"
#include "tools/gateway/access/access_limits.hpp"
#include "tools/gateway/access/base64url.hpp"
#include "tools/gateway/access/jwt_signature.hpp"

namespace ringside::gateway {

namespace {

using TimePoint = std::chrono::system_clock::time_point;

Error invalid_token(std::string why) { return {Errc::permission_denied, std::move(why)}; }

/// Quotes text from a token so that it fits on a line of the log.
std::string in_quotes(std::string_view text) {
    constexpr std::size_t shown_bytes_max = 64;
    std::string out(text.substr(0, shown_bytes_max));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return "'" + out + (text.size() > shown_bytes_max ? "…'" : "'");
}

/// Header, claims and signature, still encoded.
std::optional<std::array<std::string_view, 3>> parts_of(std::string_view token) noexcept {
    const std::size_t first = token.find('.');
    if (first == std::string_view::npos) return std::nullopt;
    const std::size_t second = token.find('.', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    return std::array{token.substr(0, first), token.substr(first + 1, second - first - 1),
                      token.substr(second + 1)};
}

/// Parses a time of RFC 7519, in seconds since 1970 with or without a fraction. Times out of the
/// clock's range are clamped.
std::optional<TimePoint> time_of(const Value& value) noexcept {
    constexpr double seconds_max = 9e9;
    const auto seconds = value.as_double();
    if (!seconds) return std::nullopt;
    const std::chrono::duration<double> since(std::clamp(*seconds, 0.0, seconds_max));
    return TimePoint(std::chrono::duration_cast<TimePoint::duration>(since));
}

std::optional<std::string> claim_text(const Value& value) {
    if (const auto text = value.as_string()) return std::string(*text);
    if (const auto number = value.as_int64()) return std::to_string(*number);
    if (const auto number = value.as_uint64()) return std::to_string(*number);
    if (const auto flag = value.as_bool()) return *flag ? "true" : "false";
    return std::nullopt;
}

bool has_audience(const Value& value, std::string_view audience) noexcept {
    if (value.is_string()) return value.as_string() == audience;
    for (const Value& item : value.elements()) {
        if (item.as_string() == audience) return true;
    }
    return false;
}

bool has_type_jwt(std::string_view type) noexcept {
    constexpr std::string_view wanted = "jwt";
    return std::equal(type.begin(), type.end(), wanted.begin(), wanted.end(),
                      [](char given, char lower) { return (given | 0x20) == lower; });
}

}  // namespace

bool JwtVerifier::allows(Algorithm algorithm) const noexcept {
    return std::find(algorithms_.begin(), algorithms_.end(), algorithm) != algorithms_.end();
}

Result<VerifiedToken> JwtVerifier::verify(std::string_view token, TimePoint now) const {
    const auto parts = parts_of(token);
    if (!parts) return invalid_token("token does not have three parts");
    const auto header_json = from_base64url((*parts)[0]);
    if (!header_json) return invalid_token("token header is not base64url");
    const auto claims_json = from_base64url((*parts)[1]);
    if (!claims_json) return invalid_token("token claims are not base64url");
    if (!from_base64url((*parts)[2])) return invalid_token("token signature is not base64url");

    const auto header = read_header(*header_json);
    if (!header) return header.error();
    if (auto checked = check_signature(std::string(token), *header); !checked) {
        return checked.error();
    }
    const auto document = document_from_json(*claims_json);
    if (!document) return invalid_token("token claims: " + document.error().explanation());
    const Value claims = Value::of(*document);
    if (!claims.is_object()) return invalid_token("token claims are not a JSON object");
    return read_claims(claims, now);
}

Result<JwtVerifier::Header> JwtVerifier::read_header(std::string_view json) const {
    const auto document = document_from_json(json);
    if (!document) return invalid_token("token header: " + document.error().explanation());
    const Value header = Value::of(*document);
    if (!header.is_object()) return invalid_token("token header is not a JSON object");
    const auto name_of_algorithm = header["alg"].as_string();
    if (!name_of_algorithm) return invalid_token("token header lacks alg");
    const auto algorithm = algorithm_of(*name_of_algorithm);
    if (!algorithm || !allows(*algorithm)) {
        return invalid_token("token algorithm " + in_quotes(*name_of_algorithm) +
                             " is not allowed");
    }
    // Every header that `crit` lists must be understood, and none is supported (RFC 7515, 4.1.11).
    if (header["crit"].exists())
        return invalid_token("token header has crit, which is not supported");
    if (header["typ"].exists()) {
        const auto type = header["typ"].as_string();
        if (!type || !has_type_jwt(*type)) return invalid_token("token typ is not JWT");
    }
    Header read{.algorithm = *algorithm, .key_id = std::nullopt};
    if (header["kid"].exists()) {
        const auto id = header["kid"].as_string();
        if (!id) return invalid_token("token kid is not a string");
        read.key_id = *id;
    }
    return read;
}

Result<void> JwtVerifier::check_signature(const std::string& token, const Header& header) const {
    if (header.algorithm == Algorithm::hs256) {
        if (is_signed_by(token, Algorithm::hs256, secret_)) return {};
        return invalid_token("token signature does not match the secret");
    }
    bool has_key = false;
    for (const PublicKey& key : keys_) {
        if (key.algorithm != header.algorithm) continue;
        if (header.key_id && key.id != header.key_id) continue;
        has_key = true;
        if (is_signed_by(token, key.algorithm, key.pem)) return {};
    }
    if (has_key) return invalid_token("token signature does not match the keys");
    if (!header.key_id) return invalid_token("no key for " + std::string(name(header.algorithm)));
    return invalid_token("no key " + in_quotes(*header.key_id) + " for " +
                         std::string(name(header.algorithm)));
}

Result<VerifiedToken> JwtVerifier::read_claims(const Value& claims, TimePoint now) const {
    const auto expires = check_times(claims, now);
    if (!expires) return expires.error();
    if (auto checked = check_parties(claims); !checked) return checked.error();
    const auto user = claims[user_claim_].as_string();
    if (!user) return invalid_token("token lacks a string claim " + in_quotes(user_claim_));
    if (auto checked = check_level(*user); !checked) {
        return invalid_token("token claim " + in_quotes(user_claim_) +
                             " is not a valid user: " + checked.error().detail);
    }
    auto identity = std::make_shared<Identity>();
    identity->user = *user;
    for (const auto& [key, value] : claims.members()) {
        if (auto text = claim_text(value)) identity->claims.emplace(key, std::move(*text));
    }
    return VerifiedToken{.identity = std::move(identity), .expires = *expires};
}

Result<TimePoint> JwtVerifier::check_times(const Value& claims, TimePoint now) const {
    const auto expires = time_of(claims["exp"]);
    if (!expires) return invalid_token("token lacks a numeric exp");
    if (now >= *expires + leeway_) return invalid_token("token has expired");
    if (claims["nbf"].exists()) {
        const auto begins = time_of(claims["nbf"]);
        if (!begins) return invalid_token("token nbf is not a number");
        if (now + leeway_ < *begins) return invalid_token("token is not valid yet");
    }
    return *expires + leeway_;
}

Result<void> JwtVerifier::check_parties(const Value& claims) const {
    if (!issuer_.empty() && claims["iss"].as_string() != issuer_) {
        return invalid_token("token iss is not the configured issuer");
    }
    if (!audience_.empty() && !has_audience(claims["aud"], audience_)) {
        return invalid_token("token aud lacks the configured audience");
    }
    return {};
}

}  // namespace ringside::gateway
