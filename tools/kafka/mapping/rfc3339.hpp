#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ringside::kafka {

/// The Unix time in milliseconds of a text such as `2024-05-01T12:30:00.250Z` or
/// `2024-05-01 14:30:00+02:00` (RFC 3339); further digits of the second are cut off. None where it
/// is no such text: without an offset from UTC there is no telling what time it is.
std::optional<std::int64_t> parse_rfc3339_ms(std::string_view text) noexcept;

}  // namespace ringside::kafka
