#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::gateway::deepstream {

/// Passwords as deepstream keeps them: PBKDF2 (RFC 8018, 5.2) with HMAC of an algorithm, in
/// base64, followed without a gap by the salt that went into it, which is text of any length.
///
/// Thread safety: immutable.
class PasswordHash {
public:
    /// `algorithm`: a message digest, as OpenSSL calls it. Errors: bad_configuration.
    static Result<PasswordHash> make(const std::string& algorithm, std::int64_t iterations,
                                     std::int64_t key_length);

    /// What is kept of a password. Cost: what `iterations` asks for, microseconds to seconds.
    [[nodiscard]] std::string hash(std::string_view password, std::string_view salt) const;

    /// Whether a password is the one that was kept. Its time says nothing about what is kept.
    /// REQUIRES: can_keep(kept). Cost: that of `hash`.
    [[nodiscard]] bool fits(std::string_view password, std::string_view kept) const;

    /// Whether that text can have come from `hash`.
    [[nodiscard]] bool can_keep(std::string_view kept) const;

    /// Of 16 random bytes. Error: system_error.
    static Result<std::string> make_salt();

private:
    PasswordHash() = default;

    [[nodiscard]] std::size_t base64_bytes() const noexcept { return (key_bytes_ + 2) / 3 * 4; }

    const EVP_MD* digest_ = nullptr;
    int iterations_ = 0;
    std::size_t key_bytes_ = 0;
};

/// Whether two texts are the same. Its time says nothing about either, nor about their lengths.
[[nodiscard]] bool is_same_secret(std::string_view left, std::string_view right);

}  // namespace ringside::gateway::deepstream
