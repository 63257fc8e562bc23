#pragma once

#include <chrono>

#include "shm/wait/futex.hpp"

namespace ringside::shm {

/// How many cores the host has online; at least 1. Not this process's affinity: whoever is waited
/// for may run where this process may not.
[[nodiscard]] unsigned cores_available() noexcept;

/// Tells the core that this is a spinning loop: some tens of cycles, leaves more to its sibling.
inline void cpu_pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield" ::: "memory");
#endif
}

/// An idle strategy: spin for some time, then sleep. Where a wake-up costs tens of microseconds,
/// the time to spin decides about latency; on one core spinning only keeps the other side away.
///
///     SpinWait spin(options.spin);
///     while (!ready()) {
///         if (spin.pause()) continue;
///         futex_wait(…);
///         spin.restart();
///     }
///
/// Thread safety: one thread.
class SpinWait {
public:
    /// `spin`: zero to sleep at once. On a host with one core it is taken for zero.
    template <class Rep, class Period>
    explicit SpinWait(std::chrono::duration<Rep, Period> spin) noexcept
        : spin_(cores_available() > 1 ? saturated_ns(spin) : std::chrono::nanoseconds(0)) {}

    /// Pauses briefly and gives true, or, once the time is up, false: sleep now.
    [[nodiscard]] bool pause() noexcept {
        if (spin_.count() <= 0) return false;
        cpu_pause();
        // The clock costs as much as several pauses: it is looked at now and then.
        if (++rounds_ % rounds_between_looks != 0) return true;
        const Clock::time_point now = Clock::now();
        if (rounds_ == rounds_between_looks) until_ = Deadline::after(spin_, now).time();
        return now < until_;
    }

    /// Begins anew, after something happened.
    void restart() noexcept { rounds_ = 0; }

    /// As above, with another time to spin.
    void restart(std::chrono::nanoseconds spin) noexcept {
        if (spin_.count() != 0) spin_ = spin;
        rounds_ = 0;
    }

private:
    static constexpr unsigned rounds_between_looks = 16;

    std::chrono::nanoseconds spin_;
    Clock::time_point until_{};
    unsigned rounds_ = 0;
};

}  // namespace ringside::shm
