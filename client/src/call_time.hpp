#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "attachment.hpp"
#include "ringside/messaging.hpp"
#include "shm/base/limits.hpp"

namespace ringside::detail {

/// Time limit of a call. The broker keeps the time and reports a late call. The caller's own clock
/// serves only for a broker that does not respond.
class CallTime {
public:
    /// Error: bad_timeout.
    static Result<CallTime> of(const CallOptions& options) {
        const auto timeout = options.timeout;
        if (timeout.count() < 0 ||
            timeout > std::chrono::milliseconds(static_cast<std::int64_t>(limits::call_ms_max))) {
            return Error(Errc::bad_timeout);
        }
        if (timeout.count() == 0) return CallTime(std::nullopt);
        return CallTime(Deadline::after(timeout).time());
    }

    /// Remaining time for the broker, in ms; 0 = the broker's configuration.
    [[nodiscard]] std::uint64_t left_ms(Clock::time_point now) const noexcept {
        if (!end_) return 0;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*end_ - now);
        return static_cast<std::uint64_t>(std::max<std::int64_t>(left.count(), 1));
    }
    [[nodiscard]] bool is_over(Clock::time_point now) const noexcept {
        return give_up_at().has_passed(now);
    }
    /// Returns Deadline::never() if only the broker knows the deadline.
    [[nodiscard]] Deadline give_up_at() const noexcept {
        return end_ ? Deadline::after(grace, *end_) : Deadline::never();
    }
    [[nodiscard]] bool is_left_to_broker() const noexcept { return !end_; }

private:
    static constexpr std::chrono::milliseconds grace{20};

    explicit CallTime(std::optional<Clock::time_point> end) noexcept : end_(end) {}

    std::optional<Clock::time_point> end_;
};

/// Checks that the broker that keeps the time of a call is alive.
class Pulse {
public:
    Pulse(const Attachment& attachment, std::chrono::milliseconds patience) noexcept
        : attachment_(&attachment),
          patience_(shm::saturated_ns(std::max(patience, patience_min))) {}

    /// Returns whether the heartbeat has not changed for the client's timeout, as far as was
    /// checked.
    [[nodiscard]] bool is_gone(Clock::time_point now) noexcept {
        const std::uint64_t heartbeat = attachment_->heartbeat();
        if (heartbeat != seen_) {
            seen_ = heartbeat;
            seen_at_ = now;
        }
        return now - seen_at_ > patience_;
    }

    /// Interval of the checks.
    static constexpr std::chrono::milliseconds interval{200};

private:
    static constexpr std::chrono::milliseconds patience_min{1000};

    const Attachment* attachment_;
    std::chrono::nanoseconds patience_;
    std::uint64_t seen_ = 0;
    Clock::time_point seen_at_{};
};

}  // namespace ringside::detail
