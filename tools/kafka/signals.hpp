#pragma once

#include <signal.h>

#include <functional>
#include <stop_token>
#include <thread>

namespace ringside::kafka {

/// Converts SIGTERM and SIGINT to a request to stop. The second signal ends the process
/// immediately. SIGHUP calls `on_hang_up` from a separate thread.
///
/// REQUIRES: created before any other thread, because the signals must be blocked in those as well;
/// one per process.
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
