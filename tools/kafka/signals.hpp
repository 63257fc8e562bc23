#pragma once

#include <signal.h>

#include <functional>
#include <stop_token>
#include <thread>

namespace ringside::kafka {

/// Turns SIGTERM and SIGINT into a request to stop; the second one ends the process at once. SIGHUP
/// calls `on_hang_up`, from a thread of its own, and ends nothing.
///
/// REQUIRES: made before any other thread, as those are to have these signals blocked, too; one in
/// a process.
class StopSignals {
public:
    explicit StopSignals(std::function<void()> on_hang_up);
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    [[nodiscard]] std::stop_token token() const noexcept { return stop_.get_token(); }

private:
    void wait_for_signals(const std::stop_token& ended);
    void stop_or_end(int signal);

    sigset_t signals_{};
    std::function<void()> on_hang_up_;
    std::stop_source stop_;
    std::jthread waiting_;
};

}  // namespace ringside::kafka
