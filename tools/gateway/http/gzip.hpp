#pragma once

#include "tools/gateway/http/message.hpp"

namespace ringside::gateway {

/// Whether to compress a response: the client prefers gzip, and either the body is large enough or
/// the client does not accept it uncompressed.
[[nodiscard]] bool is_to_be_compressed(const Request& request, const Response& response);

/// Compresses a text with gzip (RFC 1952). Thread safety: any thread. Cost: about 10 ms per MiB.
[[nodiscard]] std::string gzip(std::string text);

/// Replaces the body by its compressed form, with the header fields and the entity tag of that
/// representation (RFC 9110, 8.8.3.3).
void set_compressed(Response& response, std::string body);

/// Compresses a small body completely.
void compress(const Request& request, Response& response);

/// Whether Accept-Encoding prefers gzip to identity (RFC 9110, 12.5.3).
[[nodiscard]] bool accepts_gzip(const Request& request);

}  // namespace ringside::gateway
