#include "shm/wait/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <climits>
#include <ctime>

namespace ringside::shm {

namespace {

/// FUTEX_WAIT_BITSET takes an absolute time of CLOCK_MONOTONIC, which is the clock of steady_clock.
timespec to_timespec(Clock::time_point deadline) noexcept {
    const auto since_boot =
        std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count();
    if (since_boot <= 0) return {};
    return {static_cast<time_t>(since_boot / 1'000'000'000), since_boot % 1'000'000'000};
}

}  // namespace

const HalfWord& low_half(const Word& word) noexcept {
    static_assert(std::endian::native == std::endian::little);
    return reinterpret_cast<const HalfWord&>(word);
}

WaitOutcome futex_wait(const HalfWord& word, std::uint32_t expected,
                       std::optional<Clock::time_point> deadline, std::uint32_t mask) noexcept {
    timespec until{};
    if (deadline) until = to_timespec(*deadline);
    // Not FUTEX_PRIVATE_FLAG: the sleeper's and the waker's mappings differ.
    const long result = syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, expected,
                                deadline ? &until : nullptr, nullptr, mask);
    if (result == 0) return WaitOutcome::woken;
    if (errno == EAGAIN) return WaitOutcome::changed;
    if (errno == ETIMEDOUT) return WaitOutcome::timed_out;
    return WaitOutcome::woken;
}

WaitOutcome futex_wait_for(const HalfWord& word, std::uint32_t expected,
                           std::chrono::nanoseconds timeout, std::uint32_t mask) noexcept {
    return futex_wait(word, expected, Deadline::after(timeout).time(), mask);
}

std::uint32_t futex_wake(const HalfWord& word, std::uint32_t count, std::uint32_t mask) noexcept {
    const long woken = syscall(SYS_futex, &word, FUTEX_WAKE_BITSET, count, nullptr, nullptr, mask);
    return woken < 0 ? 0 : static_cast<std::uint32_t>(woken);
}

std::uint32_t futex_wake_all(const HalfWord& word, std::uint32_t mask) noexcept {
    return futex_wake(word, INT_MAX, mask);
}

}  // namespace ringside::shm
