#pragma once

#include <algorithm>
#include <chrono>
#include <compare>

namespace ringside::shm {

using Clock = std::chrono::steady_clock;

/// Converts a duration to nanoseconds, or to the nearest value that 64 bits can represent (292
/// years).
template <class Rep, class Period>
[[nodiscard]] constexpr std::chrono::nanoseconds saturated_ns(
    std::chrono::duration<Rep, Period> time) noexcept {
    using std::chrono::nanoseconds;
    using Coarse = std::chrono::duration<Rep, Period>;
    if (time >= std::chrono::duration_cast<Coarse>(nanoseconds::max())) return nanoseconds::max();
    if (time <= std::chrono::duration_cast<Coarse>(nanoseconds::min())) return nanoseconds::min();
    return std::chrono::duration_cast<nanoseconds>(time);
}

/// End of a wait. Arithmetic saturates: a timeout beyond the range of the clock never ends, a
/// negative one has ended.
class Deadline {
public:
    constexpr explicit Deadline(Clock::time_point at) noexcept : at_(at) {}

    template <class Rep, class Period>
    [[nodiscard]] static Deadline after(std::chrono::duration<Rep, Period> time) noexcept {
        return after(time, Clock::now());
    }
    /// Computed from `now`, for a caller that has already read the clock.
    template <class Rep, class Period>
    [[nodiscard]] static constexpr Deadline after(std::chrono::duration<Rep, Period> time,
                                                  Clock::time_point now) noexcept {
        const std::chrono::nanoseconds wanted = saturated_ns(time);
        if (wanted.count() <= 0) return Deadline(now);
        if (wanted >= Clock::time_point::max() - now) return never();
        return Deadline(now + wanted);
    }
    [[nodiscard]] static constexpr Deadline never() noexcept {
        return Deadline(Clock::time_point::max());
    }

    [[nodiscard]] constexpr Clock::time_point time() const noexcept { return at_; }
    [[nodiscard]] bool has_passed() const noexcept { return has_passed(Clock::now()); }
    [[nodiscard]] constexpr bool has_passed(Clock::time_point now) const noexcept {
        return now >= at_;
    }

    /// Time until the deadline; zero after it.
    [[nodiscard]] std::chrono::nanoseconds left() const noexcept { return left(Clock::now()); }
    [[nodiscard]] constexpr std::chrono::nanoseconds left(Clock::time_point now) const noexcept {
        return has_passed(now) ? std::chrono::nanoseconds(0) : at_ - now;
    }
    /// Same, rounded up.
    [[nodiscard]] std::chrono::milliseconds left_ms() const noexcept {
        return std::chrono::ceil<std::chrono::milliseconds>(left());
    }

    // clang-tidy 14 mistakes the default of the comparison for a null pointer.
    // NOLINTNEXTLINE(modernize-use-nullptr)
    friend constexpr auto operator<=>(const Deadline&, const Deadline&) noexcept = default;

private:
    Clock::time_point at_;
};

}  // namespace ringside::shm
