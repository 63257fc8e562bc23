#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace ringside::testing {

/// A certificate with its key, made by OpenSSL; valid for an hour.
class Certificate {
public:
    /// Creates a certificate authority.
    static Certificate authority(const std::string& common_name);
    /// Issues a certificate for a host or a client of that name.
    [[nodiscard]] Certificate sign(const std::string& common_name) const;

    /// Writes both in PEM; only the owner can read the key.
    void write(const std::string& certificate_file, const std::string& key_file) const;

private:
    Certificate() = default;
    static Certificate make(const std::string& common_name, const Certificate* issuer);

    std::shared_ptr<EVP_PKEY> key_;
    std::shared_ptr<X509> certificate_;
};

}  // namespace ringside::testing
