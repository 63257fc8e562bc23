#include "tests/gateway/certificates.hpp"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <stdexcept>

namespace ringside::testing {

namespace {

void require(bool holds) {
    if (!holds) throw std::runtime_error("OpenSSL makes no certificate");
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()), &X509_EXTENSION_free);
    require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

using File = std::unique_ptr<BIO, decltype(&BIO_free)>;

File create(const std::string& path) {
    File file(BIO_new_file(path.c_str(), "w"), &BIO_free);
    require(file != nullptr);
    return file;
}

}  // namespace

Certificate Certificate::authority(const std::string& common_name) {
    return make(common_name, nullptr);
}

Certificate Certificate::sign(const std::string& common_name) const {
    return make(common_name, this);
}

Certificate Certificate::make(const std::string& common_name, const Certificate* issuer) {
    Certificate made;
    made.key_.reset(EVP_EC_gen("P-256"), &EVP_PKEY_free);
    made.certificate_.reset(X509_new(), &X509_free);
    X509* certificate = made.certificate_.get();
    require(made.key_ != nullptr && certificate != nullptr);
    std::int64_t serial = 0;
    require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
    ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), serial & INT64_MAX);
    X509_set_version(certificate, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, made.key_.get());
    X509_NAME* subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                               0);
    X509* signs = issuer == nullptr ? certificate : issuer->certificate_.get();
    X509_set_issuer_name(certificate, X509_get_subject_name(signs));
    add_extension(certificate, signs, NID_basic_constraints,
                  issuer == nullptr ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (issuer != nullptr) {
        add_extension(certificate, signs, NID_subject_alt_name, "DNS:" + common_name);
    }
    EVP_PKEY* signing = issuer == nullptr ? made.key_.get() : issuer->key_.get();
    require(X509_sign(certificate, signing, EVP_sha256()) > 0);
    return made;
}

void Certificate::write(const std::string& certificate_file, const std::string& key_file) const {
    require(PEM_write_bio_X509(create(certificate_file).get(), certificate_.get()) == 1);
    require(PEM_write_bio_PrivateKey(create(key_file).get(), key_.get(), nullptr, nullptr, 0,
                                     nullptr, nullptr) == 1);
    using std::filesystem::perms;
    std::filesystem::permissions(key_file, perms::owner_read | perms::owner_write);
}

}  // namespace ringside::testing
