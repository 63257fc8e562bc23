#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ringside::kafka {

/// Parses a text such as `2024-05-01T12:30:00.250Z` or `2024-05-01 14:30:00+02:00` (RFC 3339) into
/// Unix time in milliseconds. Further digits of the second are dropped. Returns none for any other
/// text, including a time without an offset from UTC.
std::optional<std::int64_t> parse_rfc3339_ms(std::string_view text) noexcept;

}  // namespace ringside::kafka
