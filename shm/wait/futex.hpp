#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "shm/segment/layout.hpp"
#include "shm/wait/deadline.hpp"

/// Sleeping on a word of shared memory, across processes.
///
/// Protocol. Sleeper:
///   S1  announces in a word that the waker reads (seq_cst) that it sleeps, or relies on a waker
///       that always wakes
///   S2  checks its condition again (seq_cst); if it holds: reverts S1, does not sleep
///   S3  futex_wait(word, the value that S2 saw): the kernel compares again under its own lock
/// Waker:
///   W1  stores what the sleeper waits for, including the futex word
///   W2  fence (seq_cst), then reads S1; wakes if there is a sleeper
/// Invariant: S2 or S3 sees W1, or W2 sees S1. No wake-up is lost; spurious ones happen.
///
/// A word in a read-only mapping can be used for waiting and for waking.
namespace ringside::shm {

enum class WaitOutcome : std::uint8_t {
    woken,      ///< by a waker, by a signal, or spuriously: check again
    changed,    ///< the word was not `expected`: did not sleep
    timed_out,  ///< the deadline passed
};

/// Mask that matches all wakers and sleepers.
inline constexpr std::uint32_t any_bit = 0xffffffffU;

/// Returns the half of a 64-bit word that changes with every increment, for use as a futex word.
[[nodiscard]] const HalfWord& low_half(const Word& word) noexcept;

/// S3: sleeps while `word` is `expected`, until a waker whose mask shares a bit with `mask`, or the
/// deadline (without one: indefinitely). REQUIRES: mask != 0.
WaitOutcome futex_wait(const HalfWord& word, std::uint32_t expected,
                       std::optional<Clock::time_point> deadline,
                       std::uint32_t mask = any_bit) noexcept;

/// Same, for at most `timeout` from now.
WaitOutcome futex_wait_for(const HalfWord& word, std::uint32_t expected,
                           std::chrono::nanoseconds timeout, std::uint32_t mask = any_bit) noexcept;

/// Wakes up to `count` sleepers of `word` whose mask shares a bit with `mask`. Returns how many it
/// woke.
/// Cost: about 0.2 us without a sleeper. REQUIRES: mask != 0.
std::uint32_t futex_wake(const HalfWord& word, std::uint32_t count,
                         std::uint32_t mask = any_bit) noexcept;

/// Wakes all of them.
std::uint32_t futex_wake_all(const HalfWord& word, std::uint32_t mask = any_bit) noexcept;

}  // namespace ringside::shm
