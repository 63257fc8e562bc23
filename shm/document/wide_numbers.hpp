#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ringside {

/// Whether a text may have the number -0: such a token that need not be part of a string.
/// Cost: that of looking for '-'.
bool may_have_negative_zero(std::string_view json) noexcept;

/// The text with a fraction at each integer that is a double in a document: those beyond 64 bits,
/// and -0. None if there are none. The text need not be JSON: what is wrong with it stays wrong.
std::optional<std::string> with_wide_numbers(std::string_view json);

}  // namespace ringside
