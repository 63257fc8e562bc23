#pragma once

#include <atomic>
#include <thread>

#include "shm/segment/segment.hpp"

namespace ringside::broker {

/// Wakes watchers on behalf of the engine, in a thread of its own: what a change costs the engine
/// does not depend on how many sleep for it.
class Waker {
public:
    explicit Waker(const shm::SegmentView& segment);
    ~Waker();
    Waker(const Waker&) = delete;
    Waker& operator=(const Waker&) = delete;

    /// Has everyone woken who sleeps for one of these subjects, soon. Any thread.
    void wake(std::uint32_t subjects) noexcept;

private:
    void run();

    shm::SegmentView segment_;
    shm::HalfWord subjects_ = 0;  ///< still to be woken; the thread sleeps on it while it is 0
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

}  // namespace ringside::broker
