#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace ringside::testing {

/// Signs tokens by OpenSSL, not by what verifies them.
class SigningKey {
public:
    static SigningKey rsa(unsigned bits = 2048);
    static SigningKey p256();
    static SigningKey secret(std::string bytes);

    /// A compact JWS. What kind of signature it has depends on the key, not on what the header
    /// says.
    [[nodiscard]] std::string sign(std::string_view header, std::string_view claims) const;

    /// As sign, with what is put between the dots.
    [[nodiscard]] std::string sign_encoded(const std::string& content) const;

    /// The public key as a member of a JWK Set; `more` are further members (",…").
    [[nodiscard]] std::string jwk(std::string_view kid, std::string_view more = "") const;

    [[nodiscard]] std::string public_pem() const;

private:
    SigningKey() = default;

    [[nodiscard]] std::string number(const char* parameter) const;

    std::shared_ptr<EVP_PKEY> key_;
    std::string secret_;
};

}  // namespace ringside::testing
