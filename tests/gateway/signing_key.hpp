#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace ringside::testing {

/// Signs tokens with OpenSSL, independently of the code that verifies them.
class SigningKey {
public:
    static SigningKey rsa(unsigned bits = 2048);
    static SigningKey p256();
    static SigningKey secret(std::string bytes);

    /// Returns a compact JWS. The kind of signature depends on the key, not on the header.
    [[nodiscard]] std::string sign(std::string_view header, std::string_view claims) const;

    /// Signs content that is already encoded.
    [[nodiscard]] std::string sign_encoded(const std::string& content) const;

    /// Returns the public key as a member of a JWK Set; `more` are further members (",…").
    [[nodiscard]] std::string jwk(std::string_view kid, std::string_view more = "") const;

    [[nodiscard]] std::string public_pem() const;

private:
    SigningKey() = default;

    [[nodiscard]] std::string number(const char* parameter) const;

    std::shared_ptr<EVP_PKEY> key_;
    std::string secret_;
};

}  // namespace ringside::testing
