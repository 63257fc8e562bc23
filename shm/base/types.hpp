#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ringside {

/// Number of a commit in the whole grid, +1 per commit. 0 = the empty grid before the first commit.
using Revision = std::uint64_t;

/// Number of changes of one record since it was created, counted from 1. 0 = does not exist.
using Version = std::uint64_t;

/// Number of an entry in the change ring, counted from 0, +1 per change.
using Position = std::uint64_t;

/// Bytes from the start of the segment; 0 = none (the header is there). Below 2^48.
using Offset = std::uint64_t;

/// Index of a record in the slot region: stable while the record exists, reused afterwards.
enum class RecordId : std::uint32_t {};

/// Number of a session, +1 per session during one boot of a broker. 0 = none.
using SessionId = std::uint32_t;

using Byte = std::uint8_t;
using Bytes = std::vector<Byte>;
using ByteView = std::span<const Byte>;

inline constexpr std::size_t cache_line_bytes = 64;

/// Rounds up to a multiple of `alignment`, a power of two.
constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) noexcept {
    return (value + alignment - 1) & ~(alignment - 1);
}

}  // namespace ringside
