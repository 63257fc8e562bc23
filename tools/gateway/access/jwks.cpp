#include "tools/gateway/access/jwks.hpp"

#include "shm/document/json.hpp"
#include "tools/gateway/access/access_limits.hpp"
#include "tools/gateway/access/base64url.hpp"
#include "tools/gateway/access/public_key.hpp"

namespace ringside::gateway {

namespace {

Error bad_jwks(std::string what) { return {Errc::bad_configuration, std::move(what)}; }

bool has_text(const Value& list, std::string_view text) noexcept {
    for (const Value& item : list.elements()) {
        if (item.as_string() == text) return true;
    }
    return false;
}

/// Returns the algorithm that a key is for, or none if the key cannot be used here.
std::optional<Algorithm> algorithm_of_key(const Value& key) noexcept {
    const auto type = key["kty"].as_string();
    std::optional<Algorithm> algorithm;
    if (type == "RSA") algorithm = Algorithm::rs256;
    if (type == "EC" && key["crv"].as_string() == "P-256") algorithm = Algorithm::es256;
    if (!algorithm) return std::nullopt;
    if (key["use"].exists() && key["use"].as_string() != "sig") return std::nullopt;
    if (key["alg"].exists() && key["alg"].as_string() != name(*algorithm)) return std::nullopt;
    if (key["key_ops"].exists() && !has_text(key["key_ops"], "verify")) return std::nullopt;
    return algorithm;
}

Result<std::string> number_of(const Value& key, const char* member) {
    const auto text = key[member].as_string();
    if (!text) return bad_jwks(std::string("member ") + member + " is missing");
    auto bytes = from_base64url(*text);
    if (!bytes) return bad_jwks(std::string("member ") + member + " is not base64url");
    return std::move(*bytes);
}

Result<PublicKey> read_key(const Value& key, Algorithm algorithm) {
    const bool is_rsa = algorithm == Algorithm::rs256;
    const auto first = number_of(key, is_rsa ? "n" : "x");
    if (!first) return first.error();
    const auto second = number_of(key, is_rsa ? "e" : "y");
    if (!second) return second.error();
    auto pem = is_rsa ? rsa_public_key(*first, *second) : p256_public_key(*first, *second);
    if (!pem) return pem.error();
    PublicKey made{.id = std::nullopt, .algorithm = algorithm, .pem = std::move(*pem)};
    if (key["kid"].exists()) {
        const auto id = key["kid"].as_string();
        if (!id) return bad_jwks("kid is not a string");
        made.id = *id;
    }
    return made;
}

}  // namespace

Result<std::vector<PublicKey>> parse_jwks(std::string_view json) {
    const auto document = document_from_json(json);
    if (!document) return bad_jwks(document.error().explanation());
    const Value list = Value::of(*document)["keys"];
    if (!list.is_array()) return bad_jwks("not a JWK Set; array 'keys' is missing");
    if (list.size() > access_limits::jwks_keys_max) {
        return bad_jwks("more than " + std::to_string(access_limits::jwks_keys_max) + " keys");
    }
    std::vector<PublicKey> keys;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Value key = list[i];
        const auto algorithm = algorithm_of_key(key);
        if (!algorithm) continue;
        auto made = read_key(key, *algorithm);
        if (!made) return bad_jwks("keys[" + std::to_string(i) + "]: " + made.error().detail);
        keys.push_back(std::move(*made));
    }
    return keys;
}

}  // namespace ringside::gateway
