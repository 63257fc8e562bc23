#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringside::gateway {

/// RFC 4648, 5, without padding, as RFC 7515 has it.
[[nodiscard]] std::string to_base64url(std::string_view bytes);

/// None for what no encoder writes: other characters, padding, a length that cannot be, or bits at
/// the end that stand for nothing and are not zero.
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

}  // namespace ringside::gateway
