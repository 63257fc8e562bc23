#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringside::gateway {

/// Encodes as in RFC 4648, 5, without padding, as RFC 7515 requires.
[[nodiscard]] std::string to_base64url(std::string_view bytes);

/// Decodes. Returns none for text that no encoder writes: other characters, padding, an impossible
/// length, or unused bits at the end that are not zero.
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

}  // namespace ringside::gateway
