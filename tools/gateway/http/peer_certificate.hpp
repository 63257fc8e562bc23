#pragma once

#include <optional>

#include "tools/gateway/access/authenticator.hpp"
#include "tools/gateway/http/stream.hpp"

namespace ringside::gateway {

/// Returns the certificate of the client, if the client has one that was verified. REQUIRES: the
/// handshake is complete.
[[nodiscard]] std::optional<ClientCertificate> peer_certificate(Stream::Tls& tls);

/// Returns whether the authorities of `context` accept the client's certificate now.
/// Cost: that of verifying the signatures of the chain, some 100 us.
[[nodiscard]] bool is_trusted(Stream::Tls& tls, ssl::context& context);

}  // namespace ringside::gateway
