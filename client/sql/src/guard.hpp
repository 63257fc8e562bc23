#pragma once

#include <atomic>
#include <chrono>
#include <optional>

#include "shm/base/errc.hpp"

namespace ringside::sql {

/// What a running statement must not exceed, and why it was ended.
/// Thread safety: one thread; `interrupt` and `resume` from any.
class Guard {
public:
    using Clock = std::chrono::steady_clock;

    /// From here on the statement with this deadline runs; none: it has no end.
    void begin(std::optional<Clock::time_point> deadline) noexcept;

    /// False: it has to end. Cost: a look at the clock.
    [[nodiscard]] bool may_go_on() noexcept;

    /// Takes so many bytes for a statement's own use beside SQLite's. False: too many.
    [[nodiscard]] bool take(std::size_t bytes) noexcept;
    void give_back(std::size_t bytes) noexcept { bytes_ -= bytes; }

    /// Ends the statement; the first reason counts.
    void fail(Error error);
    /// Why it was ended.
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
