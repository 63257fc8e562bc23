#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <utility>

namespace ringside::gateway {

/// Asks work in another thread to end early, because its result is no longer needed.
/// Thread safety: all members.
class StopSignal {
public:
    StopSignal() = default;
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;

    void stop() {
        const std::lock_guard lock(mutex_);
        is_stopped_.store(true, std::memory_order_relaxed);
        if (interrupt_) interrupt_();
    }
    [[nodiscard]] bool is_stopped() const noexcept {
        return is_stopped_.load(std::memory_order_relaxed);
    }

    /// Calls `interrupt` when the signal is given during the lifetime of this object; immediately
    /// if it was given before.
    class Interrupt {
    public:
        Interrupt(StopSignal& signal, std::function<void()> interrupt) : signal_(signal) {
            const std::lock_guard lock(signal_.mutex_);
            signal_.interrupt_ = std::move(interrupt);
            if (signal_.is_stopped()) signal_.interrupt_();
        }
        ~Interrupt() {
            const std::lock_guard lock(signal_.mutex_);
            signal_.interrupt_ = nullptr;
        }
        Interrupt(const Interrupt&) = delete;
        Interrupt& operator=(const Interrupt&) = delete;

    private:
        StopSignal& signal_;
    };

private:
    std::mutex mutex_;
    std::function<void()> interrupt_;
    std::atomic<bool> is_stopped_ = false;
};

}  // namespace ringside::gateway
