#include "tests/gateway/signing_key.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>

#include "tools/gateway/access/base64url.hpp"

namespace ringside::testing {

namespace {

using gateway::to_base64url;

constexpr int p256_bytes = 32;

void require(bool holds, const char* what) {
    if (!holds) throw std::runtime_error(what);
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

/// Converts OpenSSL's DER to r and s side by side, as in RFC 7518, 3.4.
std::string side_by_side(const std::string& der) {
    const unsigned char* at = bytes_of(der);
    const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> pair(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), ECDSA_SIG_free);
    require(pair != nullptr, "not a signature");
    std::string both(2 * p256_bytes, '\0');
    BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), bytes_of(both), p256_bytes);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), bytes_of(both) + p256_bytes, p256_bytes);
    return both;
}

}  // namespace

SigningKey SigningKey::rsa(unsigned bits) {
    SigningKey made;
    made.key_ = {EVP_RSA_gen(bits), EVP_PKEY_free};
    require(made.key_ != nullptr, "no RSA key");
    return made;
}

SigningKey SigningKey::p256() {
    SigningKey made;
    made.key_ = {EVP_EC_gen("P-256"), EVP_PKEY_free};
    require(made.key_ != nullptr, "no EC key");
    return made;
}

SigningKey SigningKey::secret(std::string bytes) {
    SigningKey made;
    made.secret_ = std::move(bytes);
    return made;
}

std::string SigningKey::sign(std::string_view header, std::string_view claims) const {
    return sign_encoded(to_base64url(header) + "." + to_base64url(claims));
}

std::string SigningKey::sign_encoded(const std::string& content) const {
    std::string signature;
    if (!key_) {
        signature.resize(EVP_MAX_MD_SIZE);
        unsigned size = 0;
        HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), bytes_of(content),
             content.size(), bytes_of(signature), &size);
        signature.resize(size);
    } else {
        const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                         EVP_MD_CTX_free);
        std::size_t size = 0;
        require(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1,
                "no signing");
        require(
            EVP_DigestSign(context.get(), nullptr, &size, bytes_of(content), content.size()) == 1,
            "no size");
        signature.resize(size);
        require(EVP_DigestSign(context.get(), bytes_of(signature), &size, bytes_of(content),
                               content.size()) == 1,
                "no signature");
        signature.resize(size);
        if (EVP_PKEY_is_a(key_.get(), "EC") == 1) signature = side_by_side(signature);
    }
    return content + "." + to_base64url(signature);
}

std::string SigningKey::jwk(std::string_view kid, std::string_view more) const {
    const std::string begin =
        R"({"kid":")" + std::string(kid) + "\"" + std::string(more) + R"(,"kty":")";
    if (EVP_PKEY_is_a(key_.get(), "EC") == 1) {
        return begin + R"(EC","crv":"P-256","x":")" + number(OSSL_PKEY_PARAM_EC_PUB_X) +
               R"(","y":")" + number(OSSL_PKEY_PARAM_EC_PUB_Y) + "\"}";
    }
    return begin + R"(RSA","n":")" + number(OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
           number(OSSL_PKEY_PARAM_RSA_E) + "\"}";
}

std::string SigningKey::public_pem() const {
    const std::unique_ptr<BIO, int (*)(BIO*)> memory(BIO_new(BIO_s_mem()), BIO_free);
    require(PEM_write_bio_PUBKEY(memory.get(), key_.get()) == 1, "no PEM");
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string SigningKey::number(const char* parameter) const {
    BIGNUM* found = nullptr;
    require(EVP_PKEY_get_bn_param(key_.get(), parameter, &found) == 1, "no such number");
    const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> value(found, BN_free);
    const bool is_coordinate = EVP_PKEY_is_a(key_.get(), "EC") == 1;
    const int size = is_coordinate ? p256_bytes : BN_num_bytes(value.get());
    std::string bytes(static_cast<std::size_t>(size), '\0');
    BN_bn2binpad(value.get(), bytes_of(bytes), size);
    return to_base64url(bytes);
}

}  // namespace ringside::testing
