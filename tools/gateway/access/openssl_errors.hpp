#pragma once

#include <openssl/err.h>

namespace ringside::gateway {

/// Takes back what OpenSSL notes of failures within a scope: a refused token must not be taken for
/// a failure of the TLS connection that the same thread looks at next (SSL_get_error).
class OpensslErrors {
public:
    OpensslErrors() noexcept { ERR_set_mark(); }
    ~OpensslErrors() { ERR_pop_to_mark(); }
    OpensslErrors(const OpensslErrors&) = delete;
    OpensslErrors& operator=(const OpensslErrors&) = delete;
};

}  // namespace ringside::gateway
