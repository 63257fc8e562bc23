#include "exact_sum.hpp"

#include <cmath>

namespace ringside::query {

__extension__ using Unsigned128 = unsigned __int128;

namespace {

constexpr std::int64_t low_digit(std::int64_t digit) noexcept { return digit & 0xffff'ffff; }

}  // namespace

/// 64 bits, the least of which stands at `position` above the least bit of all.
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
    additions_ += 1;  // two parts may meet in one digit
    count_addition();
}

void ExactSum::add(const ExactSum& other) noexcept {
    ExactSum addend = other;
    addend.carry();
    for (std::size_t i = 0; i < digit_count; ++i) digits_[i] += addend.digits_[i];
    count_addition();
}

/// Afterwards every digit but the last is one of 32 bits; the last has the sign.
void ExactSum::carry() noexcept {
    for (std::size_t i = 0; i + 1 < digit_count; ++i) {
        digits_[i + 1] += digits_[i] >> digit_bits;
        digits_[i] = low_digit(digits_[i]);
    }
    additions_ = 0;
}

double ExactSum::rounded() const noexcept {
    ExactSum sum = *this;
    sum.carry();
    const bool is_negative = sum.digits_.back() < 0;
    if (is_negative) {
        for (std::int64_t& digit : sum.digits_) digit = -digit;
        sum.carry();
    }
    std::size_t top = digit_count;
    while (top > 0 && sum.digits_[top - 1] == 0) --top;
    // The three digits at the top have at least 65 bits that count, of which a double keeps 53; all
    // that follows matters only as being there or not.
    Unsigned128 bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        bits <<= digit_bits;
        if (top > i) bits |= static_cast<Unsigned128>(sum.digits_[top - 1 - i]);
    }
    for (std::size_t i = 0; i + 3 < top; ++i) {
        if (sum.digits_[i] != 0) bits |= 1;
    }
    const int exponent = (static_cast<int>(top) - 3) * digit_bits + least_exponent;
    const double rounded = std::ldexp(static_cast<double>(bits), exponent);
    return is_negative ? -rounded : rounded;
}

}  // namespace ringside::query
