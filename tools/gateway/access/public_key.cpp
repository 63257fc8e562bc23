#include "tools/gateway/access/public_key.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <memory>

#include "tools/gateway/access/access_limits.hpp"
#include "tools/gateway/access/openssl_errors.hpp"

namespace ringside::gateway {

namespace {

template <auto release>
struct Release {
    template <class T>
    void operator()(T* owned) const noexcept {
        release(owned);
    }
};
using BioOwner = std::unique_ptr<BIO, Release<BIO_free_all>>;
using NumberOwner = std::unique_ptr<BIGNUM, Release<BN_free>>;
using KeyOwner = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using ContextOwner = std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>>;
using ParametersOwner = std::unique_ptr<OSSL_PARAM, Release<OSSL_PARAM_free>>;
using BuilderOwner = std::unique_ptr<OSSL_PARAM_BLD, Release<OSSL_PARAM_BLD_free>>;

constexpr std::size_t p256_coordinate_bytes = 32;

Error bad_key(const std::string& what) { return {Errc::bad_configuration, what}; }

const unsigned char* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

NumberOwner number_of(std::string_view bytes) {
    return NumberOwner(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

Result<std::string> to_pem(const EVP_PKEY& key) {
    const BioOwner memory(BIO_new(BIO_s_mem()));
    if (!memory || PEM_write_bio_PUBKEY(memory.get(), &key) != 1) {
        return bad_key("cannot write the key as PEM");
    }
    char* text = nullptr;
    const auto size = BIO_get_mem_data(memory.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
}

/// Builds and checks the key that the parameters describe, for example that a point is on the
/// curve.
Result<std::string> make_key(const char* type, const OSSL_PARAM_BLD& builder) {
    const ParametersOwner parameters(
        OSSL_PARAM_BLD_to_param(const_cast<OSSL_PARAM_BLD*>(&builder)));
    const ContextOwner context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* made = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
        return bad_key(std::string("cannot build the ") + type + " key");
    }
    const KeyOwner key(made);
    const ContextOwner check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    if (!check || EVP_PKEY_public_check(check.get()) != 1) {
        return bad_key(std::string("invalid numbers in the ") + type + " key");
    }
    return to_pem(*key);
}

}  // namespace

Result<std::string> rsa_public_key(std::string_view modulus, std::string_view exponent) {
    const OpensslErrors scope;
    const NumberOwner n = number_of(modulus);
    const NumberOwner e = number_of(exponent);
    if (!n || !e) return bad_key("n or e is not a number");
    const int bits = BN_num_bits(n.get());
    if (bits < access_limits::rsa_bits_min || bits > access_limits::rsa_bits_max) {
        return bad_key("unsupported size of an RSA key; use " +
                       std::to_string(access_limits::rsa_bits_min) + " to " +
                       std::to_string(access_limits::rsa_bits_max) + " bits instead of " +
                       std::to_string(bits));
    }
    // An exponent of 1 would accept any signature.
    if (BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) == 1 || BN_num_bits(e.get()) > 64) {
        return bad_key("e is not a valid RSA exponent");
    }
    const BuilderOwner builder(OSSL_PARAM_BLD_new());
    if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
        return bad_key("cannot build the RSA key");
    }
    return make_key("RSA", *builder);
}

Result<std::string> p256_public_key(std::string_view x, std::string_view y) {
    const OpensslErrors scope;
    if (x.size() != p256_coordinate_bytes || y.size() != p256_coordinate_bytes) {
        return bad_key("x and y of a P-256 key must have 32 bytes each");
    }
    const std::string point = "\x04" + std::string(x) + std::string(y);
    const BuilderOwner builder(OSSL_PARAM_BLD_new());
    if (!builder ||
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1",
                                        0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) != 1) {
        return bad_key("cannot build the EC key");
    }
    return make_key("EC", *builder);
}

}  // namespace ringside::gateway
