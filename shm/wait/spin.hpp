#pragma once

#include <chrono>

#include "shm/wait/futex.hpp"

namespace ringside::shm {

/// Number of online cores of the host; at least 1. Ignores this process's affinity, because the
/// peer may run on other cores.
[[nodiscard]] unsigned cores_available() noexcept;

/// Hints to the core that this is a spin loop: takes some tens of cycles, and leaves more to the
/// sibling core.
inline void cpu_pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield" ::: "memory");
#endif
}

/// Idle strategy: spins for some time, then sleeps. Where a wake-up costs tens of microseconds, the
/// spin time determines latency. On one core, spinning only keeps the other side from running.
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
    /// `spin`: zero to sleep immediately. Treated as zero on a host with one core.
    template <class Rep, class Period>
    explicit SpinWait(std::chrono::duration<Rep, Period> spin) noexcept
        : spin_(cores_available() > 1 ? saturated_ns(spin) : std::chrono::nanoseconds(0)) {}

    /// Pauses briefly and returns true. Returns false when the spin time is over: sleep now.
    [[nodiscard]] bool pause() noexcept {
        if (spin_.count() <= 0) return false;
        cpu_pause();
        // The clock costs as much as several pauses, so it is read only every few rounds.
        if (++rounds_ % rounds_between_looks != 0) return true;
        const Clock::time_point now = Clock::now();
        if (rounds_ == rounds_between_looks) until_ = Deadline::after(spin_, now).time();
        return now < until_;
    }

    /// Starts again, after an event.
    void restart() noexcept { rounds_ = 0; }

    /// Same, with another spin time.
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
