#pragma once

#include <atomic>
#include <cstddef>

namespace ringside::kafka {

/// The number of this process's messages under way: taken from Kafka or the grid, and not done.
/// Each source and sink updates its own part; the signal handling reads the sum.
class UnderWay {
public:
    UnderWay() = default;
    ~UnderWay() { set(0); }
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;

    /// Thread safety: one thread for each object.
    void set(std::size_t messages) noexcept {
        if (messages == part_) return;
        sum_.fetch_add(messages - part_, std::memory_order_relaxed);
        part_ = messages;
    }

    /// Returns the sum of all objects of the process. Thread safety: any.
    [[nodiscard]] static std::size_t all() noexcept { return sum_.load(std::memory_order_relaxed); }

private:
    static inline std::atomic<std::size_t> sum_ = 0;
    std::size_t part_ = 0;
};

}  // namespace ringside::kafka
