#include "tools/kafka/signals.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <ctime>

namespace ringside::kafka {

StopSignals::StopSignals() {
    std::signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    waiting_ = std::jthread([this](const std::stop_token& ended) { wait_for_signals(ended); });
}

StopSignals::~StopSignals() {
    waiting_.request_stop();
    // Its own blocked signal wakes the thread; nobody else takes it.
    pthread_kill(waiting_.native_handle(), SIGINT);
    waiting_.join();
}

void StopSignals::wait_for_signals(const std::stop_token& ended) {
    for (bool is_ending = false;; is_ending = true) {
        int signal = 0;
        if (sigwait(&signals_, &signal) != 0) return;
        if (ended.stop_requested()) return;
        if (is_ending) {
            // Whoever asks twice is in haste.
            spdlog::warn("ends with messages under way");
            _exit(1);
        }
        spdlog::info("ends, when what is under way is done");
        stop_.request_stop();
    }
}

}  // namespace ringside::kafka
