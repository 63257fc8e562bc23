#pragma once

#include <atomic>
#include <thread>

#include "shm/segment/segment.hpp"

namespace ringside::broker {

/// Wakes watchers for the engine in a separate thread. The cost of a change for the engine
/// therefore does not depend on the number of sleepers.
class Waker {
public:
    explicit Waker(const shm::SegmentView& segment);
    ~Waker();
    Waker(const Waker&) = delete;
    Waker& operator=(const Waker&) = delete;

    /// Schedules a wake-up of all sleepers on these subjects. Any thread.
    void wake(std::uint32_t subjects) noexcept;

private:
    void run();

    shm::SegmentView segment_;
    shm::HalfWord subjects_ = 0;  ///< to be woken; the thread sleeps on this word while it is 0
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

}  // namespace ringside::broker
