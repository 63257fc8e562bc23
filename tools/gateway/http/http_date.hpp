#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace ringside::gateway {

/// Formats Unix time in seconds as Date and Last-Modified do (RFC 9110, 5.6.7).
[[nodiscard]] std::string http_date(std::time_t time);

/// Parses a date in one of that section's three formats; returns nothing for any other text.
[[nodiscard]] std::optional<std::time_t> parse_http_date(std::string_view text);

}  // namespace ringside::gateway
