#pragma once

#include <algorithm>
#include <chrono>

namespace ringside::kafka {

/// The pause before the next attempt: 100 ms after the first failure, doubled by each further one,
/// at most 5 s. Thread safety: none.
class Backoff {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds first{100};
    static constexpr std::chrono::milliseconds longest{5000};

    /// Records another failure.
    void fail() noexcept {
        next_ = Clock::now() + pause_;
        pause_ = std::min(2 * pause_, longest);
    }
    /// Records a success.
    void reset() noexcept { *this = {}; }

    [[nodiscard]] bool is_over() const noexcept { return Clock::now() >= next_; }
    [[nodiscard]] Clock::time_point next() const noexcept { return next_; }

private:
    std::chrono::milliseconds pause_ = first;
    Clock::time_point next_{};
};

}  // namespace ringside::kafka
