#include "tools/gateway/deepstream/login/password_hash.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

#include "tools/gateway/access/digest.hpp"
#include "tools/gateway/access/openssl_errors.hpp"
#include "tools/gateway/deepstream/login/login_limits.hpp"

namespace ringside::gateway::deepstream {

namespace {

std::string to_base64(const unsigned char* bytes, std::size_t count) {
    std::string text((count + 2) / 3 * 4 + 1, '\0');  // OpenSSL appends a zero.
    const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes,
                                        static_cast<int>(count));
    text.resize(static_cast<std::size_t>(written));
    return text;
}

bool is_base64(char byte) noexcept {
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '+' || byte == '/';
}

Error bad_hash(std::string what) { return {Errc::bad_configuration, std::move(what)}; }

}  // namespace

Result<PasswordHash> PasswordHash::make(const std::string& algorithm, std::int64_t iterations,
                                        std::int64_t key_length) {
    if (iterations < 1 || iterations > login_limits::iterations_max) {
        return bad_hash("iterations must be from 1 to " +
                        std::to_string(login_limits::iterations_max));
    }
    if (key_length < 1 || key_length > login_limits::key_length_max) {
        return bad_hash("key length must be from 1 to " +
                        std::to_string(login_limits::key_length_max));
    }
    PasswordHash made;
    made.digest_ = EVP_get_digestbyname(algorithm.c_str());
    made.iterations_ = static_cast<int>(iterations);
    made.key_bytes_ = static_cast<std::size_t>(key_length);
    const OpensslErrors errors;
    unsigned char tried = 0;
    // OpenSSL has digests that PBKDF2 cannot use.
    if (made.digest_ == nullptr ||
        PKCS5_PBKDF2_HMAC("", 0, nullptr, 0, 1, made.digest_, 1, &tried) != 1) {
        return bad_hash("'" + algorithm + "' is not a hash that OpenSSL supports for PBKDF2");
    }
    return made;
}

std::string PasswordHash::hash(std::string_view password, std::string_view salt) const {
    std::vector<unsigned char> key(key_bytes_);
    [[maybe_unused]] const int is_made = PKCS5_PBKDF2_HMAC(
        password.data(), static_cast<int>(password.size()),
        reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()),
        iterations_, digest_, static_cast<int>(key.size()), key.data());
    assert(is_made == 1);  // `make` has succeeded with the same values.
    return to_base64(key.data(), key.size()) + std::string(salt);
}

bool PasswordHash::fits(std::string_view password, std::string_view kept) const {
    assert(can_keep(kept));
    return is_same_secret(hash(password, kept.substr(base64_bytes())), kept);
}

bool PasswordHash::can_keep(std::string_view kept) const {
    if (kept.size() < base64_bytes()) return false;
    const std::string_view key = kept.substr(0, base64_bytes());
    const std::size_t padding = (3 - key_bytes_ % 3) % 3;
    const auto digits = key.substr(0, key.size() - padding);
    return std::all_of(digits.begin(), digits.end(), is_base64) &&
           key.substr(digits.size()) == std::string(padding, '=');
}

Result<std::string> PasswordHash::make_salt() {
    std::array<unsigned char, 16> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
        return Error(Errc::system_error, "cannot get random bytes for a salt");
    }
    return to_base64(random.data(), random.size());
}

bool is_same_secret(std::string_view left, std::string_view right) {
    const Digest left_digest = digest_of(left);
    const Digest right_digest = digest_of(right);
    return CRYPTO_memcmp(left_digest.data(), right_digest.data(), left_digest.size()) == 0;
}

}  // namespace ringside::gateway::deepstream
