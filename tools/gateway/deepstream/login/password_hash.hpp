#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::gateway::deepstream {

/// Password hashes in deepstream's format: PBKDF2 (RFC 8018, 5.2) with HMAC, in base64, immediately
/// followed by the salt, which is text of any length.
///
/// Thread safety: immutable.
class PasswordHash {
public:
    /// `algorithm` is OpenSSL's name of a message digest. Errors: bad_configuration.
    static Result<PasswordHash> make(const std::string& algorithm, std::int64_t iterations,
                                     std::int64_t key_length);

    /// Returns the stored form of a password. Cost: depends on `iterations`, microseconds to
    /// seconds.
    [[nodiscard]] std::string hash(std::string_view password, std::string_view salt) const;

    /// Returns whether a password matches the stored form. The time taken reveals nothing about
    /// `kept`.
    /// REQUIRES: can_keep(kept). Cost: that of `hash`.
    [[nodiscard]] bool fits(std::string_view password, std::string_view kept) const;

    /// Returns whether a text can be a result of `hash`.
    [[nodiscard]] bool can_keep(std::string_view kept) const;

    /// Returns a salt of 16 random bytes. Error: system_error.
    static Result<std::string> make_salt();

private:
    PasswordHash() = default;

    [[nodiscard]] std::size_t base64_bytes() const noexcept { return (key_bytes_ + 2) / 3 * 4; }

    const EVP_MD* digest_ = nullptr;
    int iterations_ = 0;
    std::size_t key_bytes_ = 0;
};

/// Compares two texts. The time taken reveals nothing about them or their lengths.
[[nodiscard]] bool is_same_secret(std::string_view left, std::string_view right);

}  // namespace ringside::gateway::deepstream
