#include "tools/gateway/access/jwt_signature.hpp"

#include <jwt.h>

#include <memory>

#include "tools/gateway/access/openssl_errors.hpp"

namespace ringside::gateway {

namespace {

struct Free {
    void operator()(jwt_t* token) const noexcept { jwt_free(token); }
};

jwt_alg_t libjwt_algorithm(Algorithm algorithm) noexcept {
    switch (algorithm) {
        case Algorithm::hs256: return JWT_ALG_HS256;
        case Algorithm::rs256: return JWT_ALG_RS256;
        case Algorithm::es256: return JWT_ALG_ES256;
    }
    return JWT_ALG_INVAL;
}

}  // namespace

bool is_signed_by(const std::string& token, Algorithm algorithm, std::string_view key) noexcept {
    // libjwt treats a missing key as a request not to verify.
    if (key.empty()) return false;
    const OpensslErrors scope;
    jwt_t* made = nullptr;
    const int failed =
        jwt_decode(&made, token.c_str(), reinterpret_cast<const unsigned char*>(key.data()),
                   static_cast<int>(key.size()));
    const std::unique_ptr<jwt_t, Free> decoded(made);
    // libjwt parses the header itself. If it saw another algorithm there, it has verified with a
    // key that is not meant for that algorithm.
    return failed == 0 && decoded && jwt_get_alg(decoded.get()) == libjwt_algorithm(algorithm);
}

}  // namespace ringside::gateway
