#pragma once

#include "tools/gateway/http/message.hpp"

namespace ringside::gateway {

/// Compresses an answer's body (RFC 1952) where its client accepts it and it is worth it, and says
/// so in its headers.
void compress(const Request& request, Response& response);

/// Whether a header `Accept-Encoding` takes gzip: RFC 9110, 12.5.3.
[[nodiscard]] bool accepts_gzip(std::string_view header) noexcept;

}  // namespace ringside::gateway
