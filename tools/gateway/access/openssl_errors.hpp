#pragma once

#include <openssl/err.h>

namespace ringside::gateway {

/// Removes the errors that OpenSSL records within a scope. Otherwise a refused token could look
/// like a failure of the TLS connection that the same thread checks next (SSL_get_error).
class OpensslErrors {
public:
    OpensslErrors() noexcept { ERR_set_mark(); }
    ~OpensslErrors() { ERR_pop_to_mark(); }
    OpensslErrors(const OpensslErrors&) = delete;
    OpensslErrors& operator=(const OpensslErrors&) = delete;
};

}  // namespace ringside::gateway
