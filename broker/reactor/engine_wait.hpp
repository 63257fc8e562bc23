#pragma once

#include <algorithm>
#include <cstdint>

namespace ringside::broker {

/// How long the engine sleeps in ms, if no doorbell rings.
///
/// `next_due_ms`: when work is due that nobody asks for, Unix time. `last_turn_ms`: when the last
/// turn began, which found nothing that it could do. Work that was due by then waits for the store,
/// for memory or for room; looking again at once would not bring it closer.
[[nodiscard]] constexpr std::uint64_t engine_wait_ms(std::uint64_t now_ms,
                                                     std::uint64_t next_due_ms,
                                                     std::uint64_t last_turn_ms, bool is_held_up,
                                                     std::uint64_t heartbeat_ms) noexcept {
    constexpr std::uint64_t blocked_ms = 10;
    /// How soon it is looked again for room in a reply ring that was full; its client rings no
    /// bell.
    constexpr std::uint64_t held_up_ms = 1;
    const std::uint64_t longest_ms = is_held_up ? held_up_ms : heartbeat_ms;
    if (next_due_ms < last_turn_ms) return std::min(longest_ms, blocked_ms);
    const std::uint64_t until_due_ms = next_due_ms > now_ms ? next_due_ms - now_ms : 0;
    return std::clamp<std::uint64_t>(until_due_ms, 1, longest_ms);
}

}  // namespace ringside::broker
