#pragma once

#include <atomic>
#include <chrono>
#include <optional>

#include "shm/base/errc.hpp"

namespace ringside::sql {

/// The limits of a running statement, and why it was ended.
/// Thread safety: one thread; `interrupt` and `resume` from any.
class Guard {
public:
    using Clock = std::chrono::steady_clock;

    /// Starts a statement with this deadline; none for no time limit.
    void begin(std::optional<Clock::time_point> deadline) noexcept;

    /// Returns false if the statement must end. Cost: one reading of the clock.
    [[nodiscard]] bool may_go_on() noexcept;

    /// Charges memory that a statement uses in addition to SQLite's. Returns false beyond the
    /// limit.
    [[nodiscard]] bool take(std::size_t bytes) noexcept;
    void give_back(std::size_t bytes) noexcept { bytes_ -= bytes; }

    /// Ends the statement. Only the first reason is kept.
    void fail(Error error);
    /// Returns the reason for the end.
    [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }

    void interrupt() noexcept { is_interrupted_.store(true, std::memory_order_relaxed); }
    void resume() noexcept { is_interrupted_.store(false, std::memory_order_relaxed); }

private:
    std::optional<Clock::time_point> deadline_;
    std::optional<Error> failure_;
    std::size_t bytes_ = 0;
    std::atomic<bool> is_interrupted_ = false;
};

}  // namespace ringside::sql
