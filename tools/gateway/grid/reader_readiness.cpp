#include "tools/gateway/grid/reader_readiness.hpp"

#include <boost/asio/steady_timer.hpp>

#include "tools/gateway/load/spawn.hpp"

namespace ringside::gateway {

bool ReaderReadiness::is_attaching() const {
    if (reader_.revision() != 0) return false;
    // An empty grid is at revision 0, too.
    const auto snapshot = reader_.snapshot();
    return !snapshot && snapshot.error() == Errc::no_broker;
}

Task<void> ReaderReadiness::wait() {
    if (!is_attaching()) co_return;
    auto start = [this](Completion<bool> done) {
        waiting_.push_back(std::move(done));
        if (!std::exchange(is_polling_, true)) spawn(loop_, poll(), "waiting for the grid");
    };
    co_await completed_by<bool>(std::move(start));
}

Task<void> ReaderReadiness::poll() {
    constexpr std::chrono::milliseconds interval{5};
    const auto due = std::chrono::steady_clock::now() + time_;
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>
        pause(loop_);
    do {
        pause.expires_after(interval);
        co_await pause.async_wait(use_task);
    } while (is_attaching() && std::chrono::steady_clock::now() < due);
    is_polling_ = false;
    for (Completion<bool>& done : std::exchange(waiting_, {})) {
        asio::post(loop_, [done = std::move(done)]() mutable { std::move(done)(true); });
    }
}

}  // namespace ringside::gateway
