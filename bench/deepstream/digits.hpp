#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringside::bench {

/// Placeholders for numbers in a frame. Two different ones, to distinguish them.
constexpr std::string_view no_digits = "00000000";
constexpr std::string_view no_digits_of_id = "99999999";

/// Writes the last eight digits of a number.
inline void write_digits(std::string& frame, std::size_t at, std::uint64_t number) {
    for (std::size_t i = no_digits.size(); i-- > 0; number /= 10)
        frame[at + i] = static_cast<char>('0' + number % 10);
}

}  // namespace ringside::bench
