#pragma once

#include <cstdint>
#include <optional>

#include "shm/segment/segment.hpp"

/// Which process owns a segment, as any reader of it finds out without taking a lock. The marks are
/// described in broker/segment_claim.hpp.
namespace ringside::shm {

/// Whether a process holds the write lock on the open file. That can only be a broker: the file is
/// writable for its owner alone.
[[nodiscard]] bool has_broker_lock(int descriptor) noexcept;

/// Whether another process than this one with that pid and start time (see `process_start`) runs.
[[nodiscard]] bool is_running_broker(std::uint32_t pid, std::uint64_t start);

/// The pid of the broker that owns the segment and lives; none: the segment was left by a broker
/// that has ended. A few microseconds while the broker lives.
[[nodiscard]] std::optional<std::uint32_t> living_broker(const Segment& segment);

}  // namespace ringside::shm
