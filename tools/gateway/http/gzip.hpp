#pragma once

#include "tools/gateway/http/message.hpp"

namespace ringside::gateway {

/// Whether an answer's body is to be compressed: its client accepts it, and it is worth it.
[[nodiscard]] bool is_to_be_compressed(const Request& request, const Response& response);

/// The text as gzip (RFC 1952). Thread safety: any thread. Cost: about 10 ms a MiB.
[[nodiscard]] std::string gzip(std::string text);

/// Takes the compressed body, and says so in the headers.
void set_compressed(Response& response, std::string body);

/// All of it, for a body that is not large.
void compress(const Request& request, Response& response);

/// Whether a header `Accept-Encoding` takes gzip: RFC 9110, 12.5.3.
[[nodiscard]] bool accepts_gzip(std::string_view header) noexcept;

}  // namespace ringside::gateway
