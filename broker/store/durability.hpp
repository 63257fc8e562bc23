#pragma once

#include <atomic>
#include <chrono>
#include <limits>
#include <mutex>
#include <string>

#include "shm/base/types.hpp"

namespace ringside::broker {

/// When a batch of the store is forced to disk.
enum class DurabilityPolicy {
    none,      ///< when the operating system decides, or when a client waits for it
    periodic,  ///< all changes of an interval together
    always,    ///< immediately
};

/// State shared between the engine's thread and the store's.
///
///   store -> engine: `kept_from`, `durable`, the failure. The engine holds the ring's tail at
///   `kept_from`, and with it every version that later entries lead to.
///   engine -> store: `wanted`, the newest revision that a writer waits for.
/// Thread safety: all members.
class Durability {
public:
    /// Entries before this position are in the store. The maximum if the grid has no store.
    std::atomic<Position> kept_from = std::numeric_limits<Position>::max();
    std::atomic<Revision> durable = 0;
    std::atomic<Revision> wanted = 0;
    /// The store is reading the whole grid at one revision; none of it can be freed.
    std::atomic<bool> reads_everything = false;

    [[nodiscard]] bool has_store() const noexcept {
        return kept_from.load(std::memory_order_relaxed) != std::numeric_limits<Position>::max();
    }
    [[nodiscard]] bool is_failing() const noexcept {
        // SYNC store-failing: pairs with fail() and recover().
        return is_failing_.load(std::memory_order_acquire);
    }
    [[nodiscard]] std::string reason() const {
        const std::lock_guard lock(mutex_);
        return reason_;
    }
    void fail(std::string reason) {
        const std::lock_guard lock(mutex_);
        reason_ = std::move(reason);
        // SYNC store-failing: pairs with is_failing(); the mutex protects the reason.
        is_failing_.store(true, std::memory_order_release);
    }
    void recover() {
        const std::lock_guard lock(mutex_);
        reason_.clear();
        // SYNC store-failing: pairs with is_failing().
        is_failing_.store(false, std::memory_order_release);
    }

private:
    mutable std::mutex mutex_;
    std::string reason_;
    std::atomic<bool> is_failing_ = false;
};

}  // namespace ringside::broker
