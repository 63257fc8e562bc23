#pragma once

#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside {

/// Whether `name` can be a record's name: 1..`limits::name_bytes_max` bytes of UTF-8, levels
/// separated by '/', none of them empty, no control characters (U+0000..U+001F, U+007F..U+009F), no
/// '*'. Errors: bad_name, name_too_long; the detail says what is wrong and where.
[[nodiscard]] Result<void> check_name(std::string_view name);

/// As `check_name`, for a record that an earlier release may have written: the control characters
/// U+0080..U+009F are permitted. Such records are kept, and can be read and deleted.
[[nodiscard]] Result<void> check_stored_name(std::string_view name);

/// The offset of the first control character (U+0000..U+001F, U+007F..U+009F) in UTF-8 text, or npos.
[[nodiscard]] std::size_t find_control_character(std::string_view text) noexcept;

/// Whether only the grid itself may write a record of that name, or tell of it.
[[nodiscard]] constexpr bool is_reserved(std::string_view name) noexcept {
    return name.starts_with('$');
}

/// The part before the first '/', or the whole name: "event" of "event/42/seat".
[[nodiscard]] constexpr std::string_view first_level(std::string_view name) noexcept {
    return name.substr(0, name.find('/'));
}

}  // namespace ringside
