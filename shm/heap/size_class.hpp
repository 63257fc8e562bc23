#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

/// Sizes of small blocks: multiples of 16 bytes up to 512, then eight per doubling up to 32 KiB. So
/// rounding adds at most an eighth.
namespace ringside::shm::size_class {

inline constexpr std::uint32_t fine_step = 16;
inline constexpr std::uint32_t fine_bytes_max = 512;
inline constexpr std::uint32_t small_bytes_max = 32U << 10;
inline constexpr std::size_t fine_count = fine_bytes_max / fine_step;
inline constexpr std::size_t count = fine_count + 8 * 6;

/// Returns the index of the smallest class that holds `bytes`. REQUIRES: 1 <= bytes <=
/// small_bytes_max.
[[nodiscard]] constexpr std::size_t of(std::uint64_t bytes) noexcept {
    if (bytes <= fine_bytes_max) return (bytes + fine_step - 1) / fine_step - 1;
    const auto log2 = static_cast<unsigned>(std::bit_width(bytes - 1) - 1);  // 2^log2 < bytes
    const std::uint64_t step = 1ULL << (log2 - 3);
    const std::uint64_t above = (bytes - (1ULL << log2) + step - 1) / step;  // 1..8
    return fine_count + (log2 - 9) * 8 + above - 1;
}

/// Returns the size of the blocks of a class.
[[nodiscard]] constexpr std::uint32_t bytes(std::size_t index) noexcept {
    if (index < fine_count) return static_cast<std::uint32_t>((index + 1) * fine_step);
    const std::size_t coarse = index - fine_count;
    const auto base = 512U << (coarse / 8);
    return base + (base / 8) * static_cast<std::uint32_t>(coarse % 8 + 1);
}

static_assert(bytes(of(512)) == 512 && bytes(of(513)) == 576 && bytes(of(1024)) == 1024);
static_assert(of(small_bytes_max) == count - 1 && bytes(count - 1) == small_bytes_max);

}  // namespace ringside::shm::size_class
