#pragma once

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <string_view>
#include <utility>

#include "tools/gateway/net.hpp"

namespace ringside::gateway {

/// Logs an exception that no other code handles: no memory, or a defect. `what` names the failed
/// task.
inline void log_failure(std::string_view what, const std::exception_ptr& failure) noexcept {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& exception) {
        spdlog::error("{} failed: {}", what, exception.what());
    } catch (...) {
        spdlog::error("{} failed", what);
    }
}

/// Starts a coroutine that no other coroutine waits for. An exception ends it and is logged.
/// `what`: for the log; a literal.
inline void spawn(const Executor& executor, Task<void> task, std::string_view what) {
    asio::co_spawn(executor, std::move(task), [what](const std::exception_ptr& failure) {
        if (failure) log_failure(what, failure);
    });
}

/// Repeats `step`, a function that returns a Task<bool>, until it returns false. An exception ends
/// one step: it is logged, and the next step follows after a pause. So a single failure never ends
/// a task that the gateway needs permanently.
/// `what`: for the log; a literal.
template <class Step>
Task<void> keep_doing(Executor executor, std::string_view what, Step step) {
    constexpr std::chrono::milliseconds pause_after_failure{50};
    for (;;) {
        bool has_failed = false;
        try {
            auto one = step();
            if (!co_await std::move(one)) co_return;
        } catch (...) {
            log_failure(what, std::current_exception());
            has_failed = true;
        }
        if (!has_failed) continue;
        asio::basic_waitable_timer<std::chrono::steady_clock,
                                   asio::wait_traits<std::chrono::steady_clock>, Executor>
            pause(executor, pause_after_failure);
        co_await pause.async_wait(use_task);
    }
}

}  // namespace ringside::gateway
