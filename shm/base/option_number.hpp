#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace ringside {

/// Checks the text of an option, for `CLI::Option::check`: returns what is wrong with the text, or
/// an empty string.
using OptionCheck = std::function<std::string(const std::string& text)>;

/// The text must be a whole number from `least` to `most`.
[[nodiscard]] OptionCheck whole_number(std::uint64_t least, std::uint64_t most);

/// The text must be a decimal number from `least` to `most`.
[[nodiscard]] OptionCheck decimal_number(double least, double most);

}  // namespace ringside
