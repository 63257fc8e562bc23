#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "shm/base/errc.hpp"
#include "tools/gateway/access/digest.hpp"
#include "tools/gateway/access/identity.hpp"
#include "tools/support/toml_file.hpp"
#include "tools/support/toml_forward.hpp"

namespace ringside::gateway {

/// Creates an API key: `rsk_` and 32 random bytes in base64url. Error: system_error (the system has
/// no random bytes).
[[nodiscard]] Result<std::string> make_api_key();

/// Returns the form in which the configuration stores a key: `sha256:` and the digest.
[[nodiscard]] std::string api_key_hash(std::string_view key);

/// The API keys of the tables [[api_key]]. Only digests are kept.
/// Thread safety: immutable.
class ApiKeys {
public:
    /// Errors: bad_configuration (also for duplicate hashes).
    [[nodiscard]] static Result<ApiKeys> from(const toml::table& root, const tools::TomlFile& file);

    /// Returns the identity whose key has the digest, or null.
    [[nodiscard]] std::shared_ptr<const Identity> find(const Digest& digest) const;

    [[nodiscard]] bool is_empty() const noexcept { return identities_.empty(); }

private:
    std::unordered_map<Digest, std::shared_ptr<const Identity>, DigestHash> identities_;
};

}  // namespace ringside::gateway
