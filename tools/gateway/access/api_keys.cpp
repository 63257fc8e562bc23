#include "tools/gateway/access/api_keys.hpp"

#include <openssl/rand.h>
#include <toml++/toml.h>

#include <array>
#include <optional>
#include <utility>

#include "tools/gateway/access/base64url.hpp"

namespace ringside::gateway {

namespace {

constexpr std::string_view key_prefix = "rsk_";
constexpr std::string_view hash_prefix = "sha256:";
constexpr std::size_t key_random_bytes = 32;

std::optional<unsigned> hex_value(char digit) noexcept {
    if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
    if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a' + 10);
    if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A' + 10);
    return std::nullopt;
}

std::optional<Digest> parse_hash(std::string_view text) noexcept {
    Digest digest{};
    if (!text.starts_with(hash_prefix)) return std::nullopt;
    text.remove_prefix(hash_prefix.size());
    if (text.size() != 2 * digest.size()) return std::nullopt;
    for (std::size_t i = 0; i < digest.size(); ++i) {
        const auto high = hex_value(text[2 * i]);
        const auto low = hex_value(text[2 * i + 1]);
        if (!high || !low) return std::nullopt;
        digest[i] = static_cast<unsigned char>(*high << 4 | *low);
    }
    return digest;
}

Result<void> read_claims(const toml::node& node, const tools::TomlFile& file, Claims& claims) {
    const toml::table* table = node.as_table();
    if (table == nullptr) return file.error_at(node, "claims must be a table");
    for (const auto& [key, value] : *table) {
        std::string text;
        if (value.is_integer()) {
            text = std::to_string(value.as_integer()->get());
        } else if (value.is_boolean()) {
            text = value.as_boolean()->get() ? "true" : "false";
        } else if (value.is_string()) {
            text = value.as_string()->get();
        } else {
            return file.error_at(value, "claim '" + std::string(key.str()) +
                                            "' must be a string, an integer or a boolean");
        }
        claims.emplace(key.str(), std::move(text));
    }
    return {};
}

}  // namespace

Result<std::string> make_api_key() {
    std::array<unsigned char, key_random_bytes> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
        return Error(Errc::system_error, "cannot get random bytes for a key");
    }
    return std::string(key_prefix) +
           to_base64url({reinterpret_cast<const char*>(random.data()), random.size()});
}

std::string api_key_hash(std::string_view key) {
    return std::string(hash_prefix) + to_hex(digest_of(key));
}

Result<ApiKeys> ApiKeys::from(const toml::table& root, const tools::TomlFile& file) {
    ApiKeys keys;
    const auto read_key = [&](const toml::table& table) -> Result<void> {
        auto identity = std::make_shared<Identity>();
        std::string hash;
        const auto take_claims = [&](std::string_view, const toml::node& node) {
            return read_claims(node, file, identity->claims);
        };
        if (auto read = file.read(table, "an API key",
                                  {{"user", file.to(identity->user)},
                                   {"hash", file.to(hash)},
                                   {"claims", take_claims}});
            !read) {
            return read;
        }
        if (identity->user.empty() || hash.empty()) {
            return file.error_at(table, "[[api_key]] is incomplete; set user and hash");
        }
        if (auto checked = check_level(identity->user); !checked) {
            return file.error_at(*table.get("user"), checked.error().text());
        }
        const auto digest = parse_hash(hash);
        if (!digest) {
            return file.error_at(*table.get("hash"),
                                 "invalid hash; use 'sha256:' and 64 hexadecimal digits, as "
                                 "printed by ringside-gateway make-key");
        }
        if (!keys.identities_.emplace(*digest, std::move(identity)).second) {
            return file.error_at(*table.get("hash"), "duplicate hash; use a new key for each user");
        }
        return {};
    };
    if (auto read = file.each_table(root, "api_key", read_key); !read) return read.error();
    return keys;
}

std::shared_ptr<const Identity> ApiKeys::find(const Digest& digest) const {
    const auto found = identities_.find(digest);
    return found == identities_.end() ? nullptr : found->second;
}

}  // namespace ringside::gateway
