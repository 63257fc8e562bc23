#include "tools/gateway/http/peer_certificate.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

namespace ringside::gateway {

namespace {

using X509Pointer = std::unique_ptr<X509, decltype(&X509_free)>;

X509Pointer certificate_of(Stream::Tls& tls) {
    return {SSL_get1_peer_certificate(tls.native_handle()), &X509_free};
}

std::string text_of(const ASN1_STRING* string) {
    const auto* data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(string));
    return {data, static_cast<std::size_t>(ASN1_STRING_length(string))};
}

/// An invalid time counts as past.
std::chrono::system_clock::time_point expiry_time(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return std::chrono::system_clock::from_time_t(timegm(&parts));
}

}  // namespace

std::optional<ClientCertificate> peer_certificate(Stream::Tls& tls) {
    const X509Pointer shown = certificate_of(tls);
    if (shown == nullptr || SSL_get_verify_result(tls.native_handle()) != X509_V_OK) return {};
    ClientCertificate certificate;
    certificate.expires = expiry_time(X509_get0_notAfter(shown.get()));
    X509_NAME* subject = X509_get_subject_name(shown.get());
    if (const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1); at >= 0) {
        certificate.common_name =
            text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    }
    auto* names = static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(shown.get(), NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS) certificate.dns_names.push_back(text_of(name->d.dNSName));
    }
    GENERAL_NAMES_free(names);
    return certificate;
}

bool is_trusted(Stream::Tls& tls, ssl::context& context) {
    const X509Pointer shown = certificate_of(tls);
    const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> check(
        X509_STORE_CTX_new(), &X509_STORE_CTX_free);
    if (shown == nullptr || check == nullptr) return false;
    const bool is_ready =
        X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(context.native_handle()),
                            shown.get(), SSL_get_peer_cert_chain(tls.native_handle())) == 1 &&
        X509_STORE_CTX_set_default(check.get(), "ssl_client") == 1;
    const bool is_good = is_ready && X509_verify_cert(check.get()) == 1;
    ERR_clear_error();  // otherwise the next failure of TLS would be mistaken for this one
    return is_good;
}

}  // namespace ringside::gateway
