#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringside {

/// Returns whether a text may have the number -0. The token may also be a part of a string.
/// Cost: a search for '-'.
bool may_have_negative_zero(std::string_view json) noexcept;

/// Returns the text with a fraction added to each integer that becomes a double in a document:
/// those beyond 64 bits, and -0. Nothing if there are none. The text need not be JSON: errors in it
/// remain.
std::optional<std::string> with_wide_numbers(std::string_view json);

}  // namespace ringside
