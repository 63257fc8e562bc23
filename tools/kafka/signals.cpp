#include "tools/kafka/signals.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <ctime>

#include "broker/daemon/service_manager.hpp"
#include "tools/kafka/under_way.hpp"

namespace ringside::kafka {

StopSignals::StopSignals(std::function<void()> on_hang_up) : on_hang_up_(std::move(on_hang_up)) {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    // A blocked signal can be waited for; an ignored one would be dropped.
    std::signal(SIGHUP, SIG_DFL);
    waiting_ = std::jthread([this](const std::stop_token& ended) { wait_for_signals(ended); });
}

StopSignals::~StopSignals() {
    waiting_.request_stop();
    // The thread's own blocked signal wakes it; no other thread takes it.
    pthread_kill(waiting_.native_handle(), SIGINT);
    waiting_.join();
}

void StopSignals::wait_for_signals(const std::stop_token& ended) {
    for (;;) {
        int signal = 0;
        if (sigwait(&signals_, &signal) != 0 || ended.stop_requested()) return;
        if (signal == SIGHUP) on_hang_up_();
        else stop_or_end(signal);
    }
}

void StopSignals::stop_or_end(int signal) {
    const std::size_t under_way = UnderWay::all();
    const bool is_first = !stop_.stop_requested();
    if (is_first) {
        const std::string what =
            under_way == 0 ? "" : fmt::format(" after {} pending messages", under_way);
        spdlog::info("{} received; stopping{}", strsignal(signal), what);
        daemon::notify_stopping();
        stop_.request_stop();
        return;
    }
    if (under_way > 0) spdlog::warn("stopping now with {} messages pending", under_way);
    else spdlog::info("stopping now");
    _exit(1);
}

}  // namespace ringside::kafka
