#pragma once

#include <array>
#include <cstdint>

namespace ringside::query {

__extension__ using Int128 = __int128;

/// A sum of doubles without rounding, so the result does not depend on their order, and an added
/// value can be subtracted again. It is a fixed-point number that is wide enough for every double.
///
/// A digit stands for 32 bits and has room for the carries of 2^30 additions; then the carries are
/// propagated. Size: 576 bytes.
class ExactSum {
public:
    /// REQUIRES: finite.
    void add(double value) noexcept { add_product(value, 1); }
    void subtract(double value) noexcept { add_product(value, -1); }
    void add(Int128 value) noexcept;
    void add(const ExactSum& other) noexcept;

    /// Returns the nearest double, or an infinity if the sum is beyond the largest double.
    [[nodiscard]] double rounded() const noexcept { return quotient(1); }
    /// Returns the double nearest to the sum divided by a count, rounded once: a mean of doubles is
    /// finite although their sum may be beyond the largest double. REQUIRES: count > 0.
    [[nodiscard]] double quotient(std::uint64_t count) const noexcept;

private:
    static constexpr int digit_bits = 32;
    static constexpr int least_exponent = -1074;  ///< of the least significant bit of a double
    static constexpr std::size_t digit_count = 71;
    /// Digits of a quotient after the least significant one: more than a double has.
    static constexpr std::size_t fraction_digits = 3;
    static constexpr std::uint32_t additions_max = 1U << 30;

    void add_product(double value, std::int64_t sign) noexcept;
    void add_at(std::size_t position, std::uint64_t bits, std::int64_t sign) noexcept;
    void carry() noexcept;
    void count_addition() noexcept {
        if (++additions_ == additions_max) carry();
    }

    std::array<std::int64_t, digit_count> digits_{};  ///< least significant first
    std::uint32_t additions_ = 0;                     ///< since the last `carry`
};

}  // namespace ringside::query
