#pragma once

#include <array>
#include <cstdint>

namespace ringside::query {

__extension__ using Int128 = __int128;

/// A sum of doubles without any rounding, so that it does not depend on their order, and what was
/// added can be taken away again: a fixed-point number that is wide enough for every double.
///
/// A digit stands for 32 bits and has room for the carries of 2^30 additions; then they are passed
/// on. 576 bytes.
class ExactSum {
public:
    /// REQUIRES: finite.
    void add(double value) noexcept { add_product(value, 1); }
    void subtract(double value) noexcept { add_product(value, -1); }
    void add(Int128 value) noexcept;
    void add(const ExactSum& other) noexcept;

    /// The nearest double; an infinity where it is beyond all of them.
    [[nodiscard]] double rounded() const noexcept;

private:
    static constexpr int digit_bits = 32;
    static constexpr int least_exponent = -1074;  ///< of the least double's only bit
    static constexpr std::size_t digit_count = 71;
    static constexpr std::uint32_t additions_max = 1U << 30;

    void add_product(double value, std::int64_t sign) noexcept;
    void add_at(std::size_t position, std::uint64_t bits, std::int64_t sign) noexcept;
    void carry() noexcept;
    void count_addition() noexcept {
        if (++additions_ == additions_max) carry();
    }

    std::array<std::int64_t, digit_count> digits_{};  ///< the least first
    std::uint32_t additions_ = 0;                     ///< since the last `carry`
};

}  // namespace ringside::query
