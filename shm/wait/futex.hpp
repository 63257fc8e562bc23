#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "shm/segment/layout.hpp"
#include "shm/wait/deadline.hpp"

/// Sleeping on a word of shared memory, across processes.
///
/// Protocol. Sleeper:
///   S1  says that it sleeps, in a word that the waker reads (seq_cst), or relies on a waker that
///       always wakes
///   S2  looks again (seq_cst) at what it waits for; if it is there: takes S1 back, does not sleep
///   S3  futex_wait(word, the value that S2 saw): the kernel compares once more under its own lock
/// Waker:
///   W1  stores what the sleeper waits for, the futex word included
///   W2  fence (seq_cst), then reads S1; if somebody sleeps: wakes
/// Invariant: either S2 or S3 sees W1, or W2 sees S1. No wake-up is lost, spurious ones happen.
///
/// A word of a read-only mapping serves for waiting and for waking alike.
namespace ringside::shm {

enum class WaitOutcome : std::uint8_t {
    woken,      ///< by a waker, by a signal, or spuriously: look again
    changed,    ///< the word was not `expected`: did not sleep
    timed_out,  ///< the deadline passed
};

/// What takes all wakers and wakes all sleepers.
inline constexpr std::uint32_t any_bit = 0xffffffffU;

/// The half of a 64-bit word that changes with every increment, for use as a futex word.
[[nodiscard]] const HalfWord& low_half(const Word& word) noexcept;

/// S3: sleeps while `word` is `expected`, until a waker whose mask shares a bit with `mask`, or the
/// deadline (none: for ever). REQUIRES: mask != 0.
WaitOutcome futex_wait(const HalfWord& word, std::uint32_t expected,
                       std::optional<Clock::time_point> deadline,
                       std::uint32_t mask = any_bit) noexcept;

/// As above, for at most `timeout` from now.
WaitOutcome futex_wait_for(const HalfWord& word, std::uint32_t expected,
                           std::chrono::nanoseconds timeout, std::uint32_t mask = any_bit) noexcept;

/// Wakes up to `count` sleepers of `word` whose mask shares a bit with `mask`; how many it woke.
/// Costs about 0.2 us where nobody sleeps. REQUIRES: mask != 0.
std::uint32_t futex_wake(const HalfWord& word, std::uint32_t count,
                         std::uint32_t mask = any_bit) noexcept;

/// All of them.
std::uint32_t futex_wake_all(const HalfWord& word, std::uint32_t mask = any_bit) noexcept;

}  // namespace ringside::shm
