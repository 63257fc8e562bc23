#pragma once

#include <algorithm>
#include <cstdint>

namespace ringside::broker {

/// Maximum sleep of the engine in ms if no doorbell rings.
///
/// `next_due_ms`: time of the next timed work, Unix time. `last_turn_ms`: start of the last turn,
/// which found no work that it could do. Work that was due by then waits for the store, for memory
/// or for room in a ring. An immediate retry would fail again.
[[nodiscard]] constexpr std::uint64_t engine_wait_ms(std::uint64_t now_ms,
                                                     std::uint64_t next_due_ms,
                                                     std::uint64_t last_turn_ms, bool is_held_up,
                                                     std::uint64_t heartbeat_ms) noexcept {
    constexpr std::uint64_t blocked_ms = 10;
    /// Interval for retrying a full reply ring: the client rings no doorbell when it makes room.
    constexpr std::uint64_t held_up_ms = 1;
    const std::uint64_t longest_ms = is_held_up ? held_up_ms : heartbeat_ms;
    if (next_due_ms < last_turn_ms) return std::min(longest_ms, blocked_ms);
    const std::uint64_t until_due_ms = next_due_ms > now_ms ? next_due_ms - now_ms : 0;
    return std::clamp<std::uint64_t>(until_due_ms, 1, longest_ms);
}

}  // namespace ringside::broker
