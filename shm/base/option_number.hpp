#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>

namespace ringside {

/// Checks the text of an option, for `CLI::Option::check`: returns what is wrong with the text, or
/// an empty string.
using OptionCheck = std::function<std::string(const std::string& text)>;

/// The text must be a whole number from `least` to `most`, in decimal digits only. Every option with
/// an unsigned value needs this check: CLI11 wraps negative and too large numbers.
[[nodiscard]] OptionCheck whole_number(
    std::uint64_t least = 0, std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

/// The text must be a decimal number from `least` to `most`.
[[nodiscard]] OptionCheck decimal_number(double least, double most);

}  // namespace ringside
