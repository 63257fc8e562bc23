#include <toml++/toml.h>

/// Creates a JwtVerifier from the table [jwt].

#include <algorithm>

#include "tools/gateway/access/access_limits.hpp"
#include "tools/gateway/access/guarded_file.hpp"
#include "tools/gateway/access/jwt.hpp"

namespace ringside::gateway {

Result<JwtVerifier> JwtVerifier::from(const toml::table& jwt, const tools::TomlFile& file) {
    JwtVerifier verifier;
    std::filesystem::path secret_path;
    std::filesystem::path keys_path;
    std::int64_t leeway_s = verifier.leeway_.count();
    const auto take_algorithms = [&](std::string_view key, const toml::node& node) -> Result<void> {
        std::vector<std::string> names;
        if (auto taken = file.to(names)(key, node); !taken) return taken;
        for (const std::string& text : names) {
            const auto algorithm = algorithm_of(text);
            if (!algorithm) {
                return file.error_at(
                    node, "'" + text + "' is not an algorithm; use HS256, RS256 or ES256");
            }
            verifier.algorithms_.push_back(*algorithm);
        }
        return {};
    };
    if (auto read = file.read(jwt, "[jwt]",
                              {{"algorithms", take_algorithms},
                               {"jwks_file", file.to(keys_path)},
                               {"secret_file", file.to(secret_path)},
                               {"issuer", file.to(verifier.issuer_)},
                               {"audience", file.to(verifier.audience_)},
                               {"user_claim", file.to(verifier.user_claim_)},
                               {"leeway_s", file.to(leeway_s, 0, access_limits::leeway_s_max)}});
        !read) {
        return read.error();
    }
    verifier.leeway_ = std::chrono::seconds(leeway_s);
    if (verifier.algorithms_.empty())
        return file.error_at(jwt, "[jwt] is incomplete; set algorithms");
    if (auto loaded = verifier.load_secret(jwt, file, secret_path); !loaded) return loaded.error();
    if (auto loaded = verifier.load_keys(jwt, file, keys_path); !loaded) return loaded.error();
    return verifier;
}

Result<void> JwtVerifier::load_secret(const toml::table& jwt, const tools::TomlFile& file,
                                      const std::filesystem::path& path) {
    const toml::node* node = jwt.get("secret_file");
    if (!allows(Algorithm::hs256)) {
        if (node == nullptr) return {};
        return file.error_at(*node,
                             "secret_file has no effect because HS256 is not in algorithms; add "
                             "HS256, or remove secret_file");
    }
    if (node == nullptr) return file.error_at(jwt, "HS256 needs a secret; set secret_file");
    auto secret = read_guarded_file(path, FileKind::secret, access_limits::secret_bytes_max);
    if (!secret) return file.error_at(*node, secret.error().detail);
    // Editors and echo append a line end.
    if (secret->ends_with('\n')) secret->pop_back();
    if (secret->size() < access_limits::secret_bytes_min) {
        return file.error_at(*node, path.string() +
                                        ": secret of HS256 is too short; use at least " +
                                        std::to_string(access_limits::secret_bytes_min) + " bytes");
    }
    secret_ = std::move(*secret);
    return {};
}

Result<void> JwtVerifier::load_keys(const toml::table& jwt, const tools::TomlFile& file,
                                    const std::filesystem::path& path) {
    const toml::node* node = jwt.get("jwks_file");
    if (!allows_public_keys()) {
        if (node == nullptr) return {};
        return file.error_at(*node,
                             "jwks_file has no effect because RS256 and ES256 are not in "
                             "algorithms; add one, or remove jwks_file");
    }
    if (node == nullptr)
        return file.error_at(jwt, "RS256 and ES256 need public keys; set jwks_file");
    const auto json = read_guarded_file(path, FileKind::trusted, access_limits::jwks_bytes_max);
    if (!json) return file.error_at(*node, json.error().detail);
    auto keys = parse_jwks(*json);
    if (!keys) return file.error_at(*node, path.string() + ": " + keys.error().detail);
    std::erase_if(*keys, [&](const PublicKey& key) { return !allows(key.algorithm); });
    if (keys->empty()) {
        return file.error_at(*node, path.string() + ": no key for the configured algorithms");
    }
    keys_ = std::move(*keys);
    return {};
}

}  // namespace ringside::gateway
