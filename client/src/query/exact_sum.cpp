#include "exact_sum.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace ringside::query {

__extension__ using Unsigned128 = unsigned __int128;

namespace {

constexpr std::int64_t low_digit(std::int64_t digit) noexcept { return digit & 0xffff'ffff; }

/// Returns the double nearest to a number of 32-bit digits, least significant first. Its least
/// significant bit has the exponent `least`. `has_more`: the number is greater by less than that
/// bit.
double rounded_digits(std::span<const std::uint32_t> digits, int least, bool has_more) noexcept {
    std::size_t top = digits.size();
    while (top > 0 && digits[top - 1] == 0) --top;
    if (top == 0) return 0;
    // The three highest digits have at least 65 significant bits. Of the other digits it matters
    // only whether they are zero.
    Unsigned128 bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        bits <<= 32;
        if (top > i) bits |= digits[top - 1 - i];
    }
    for (std::size_t i = 0; i + 3 < top; ++i) has_more = has_more || digits[i] != 0;
    const int exponent = (static_cast<int>(top) - 3) * 32 + least;
    int bit_count = 96;
    while ((bits >> (bit_count - 1)) == 0) --bit_count;
    // Rounded once to the precision of a double; subnormal numbers have fewer bits.
    constexpr int mantissa_bits = 53;
    constexpr int exponent_min = -1074;
    const int cut = std::max(bit_count - mantissa_bits, exponent_min - exponent);
    if (cut > bit_count) return 0;
    Unsigned128 kept = bits >> cut;
    const Unsigned128 half = Unsigned128{1} << (cut - 1);
    const Unsigned128 rest = bits & ((Unsigned128{1} << cut) - 1);
    const bool is_tie = rest == half && !has_more;
    if (is_tie ? (kept & 1) != 0 : rest >= half) ++kept;
    return std::ldexp(static_cast<double>(kept), exponent + cut);
}

}  // namespace

/// Adds 64 bits at `position`, counted from the least significant bit of the sum.
void ExactSum::add_at(std::size_t position, std::uint64_t bits, std::int64_t sign) noexcept {
    const std::size_t digit = position / digit_bits;
    const Unsigned128 shifted = static_cast<Unsigned128>(bits) << (position % digit_bits);
    for (std::size_t i = 0; i < 3; ++i) {
        const auto part = static_cast<std::uint32_t>(shifted >> (i * digit_bits));
        digits_[digit + i] += sign * static_cast<std::int64_t>(part);
    }
}

void ExactSum::add_product(double value, std::int64_t sign) noexcept {
    int exponent = 0;
    const double fraction = std::frexp(std::abs(value), &exponent);
    if (fraction == 0) return;
    constexpr int mantissa_bits = 53;
    auto mantissa = static_cast<std::uint64_t>(std::ldexp(fraction, mantissa_bits));
    int position = exponent - mantissa_bits - least_exponent;
    if (position < 0) {  // a subnormal number: its low bits are zeros
        mantissa >>= -position;
        position = 0;
    }
    add_at(static_cast<std::size_t>(position), mantissa, std::signbit(value) ? -sign : sign);
    count_addition();
}

void ExactSum::add(Int128 value) noexcept {
    const std::int64_t sign = value < 0 ? -1 : 1;
    const Unsigned128 size =
        value < 0 ? -static_cast<Unsigned128>(value) : static_cast<Unsigned128>(value);
    constexpr std::size_t one = -least_exponent;
    add_at(one, static_cast<std::uint64_t>(size), sign);
    add_at(one + 64, static_cast<std::uint64_t>(size >> 64), sign);
    additions_ += 1;  // two parts may affect one digit
    count_addition();
}

void ExactSum::add(const ExactSum& other) noexcept {
    ExactSum addend = other;
    addend.carry();
    for (std::size_t i = 0; i < digit_count; ++i) digits_[i] += addend.digits_[i];
    count_addition();
}

/// Afterwards every digit except the last has 32 bits; the last one has the sign.
void ExactSum::carry() noexcept {
    for (std::size_t i = 0; i + 1 < digit_count; ++i) {
        digits_[i + 1] += digits_[i] >> digit_bits;
        digits_[i] = low_digit(digits_[i]);
    }
    additions_ = 0;
}

double ExactSum::quotient(std::uint64_t count) const noexcept {
    ExactSum sum = *this;
    sum.carry();
    const bool is_negative = sum.digits_.back() < 0;
    if (is_negative) {
        for (std::int64_t& digit : sum.digits_) digit = -digit;
        sum.carry();
    }
    // Long division from the highest digit on, with some digits after the least significant one.
    std::array<std::uint32_t, digit_count + fraction_digits> digits{};
    Unsigned128 remainder = 0;
    for (std::size_t i = digits.size(); i-- > 0;) {
        const std::uint64_t digit =
            i < fraction_digits ? 0 : static_cast<std::uint64_t>(sum.digits_[i - fraction_digits]);
        remainder = (remainder << digit_bits) | digit;
        digits[i] = static_cast<std::uint32_t>(remainder / count);
        remainder %= count;
    }
    constexpr int least = least_exponent - static_cast<int>(fraction_digits) * digit_bits;
    const double rounded = rounded_digits(digits, least, remainder != 0);
    return is_negative ? -rounded : rounded;
}

}  // namespace ringside::query
