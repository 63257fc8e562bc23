#include "broker/reactor/memory_ahead.hpp"

#include <algorithm>

namespace ringside::broker {

MemoryAhead::MemoryAhead(const shm::Segment& segment)
    : segment_(&segment),
      frontier_(segment.view().identity().heap.offset),
      wanted_(frontier_),
      thread_([this] { run(); }) {}

MemoryAhead::~MemoryAhead() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wanted_changed_.notify_one();
    thread_.join();
}

bool MemoryAhead::commit(Offset offset, std::uint64_t bytes) {
    const shm::Region& heap = segment_->view().identity().heap;
    if (offset < heap.offset) return segment_->commit(offset, bytes);  // the slots
    const std::lock_guard lock(mutex_);
    const Offset end = offset + bytes;
    if (end > frontier_) {
        if (!segment_->commit(frontier_, end - frontier_)) return false;
        frontier_ = end;
    }
    wanted_ = std::max(wanted_, std::min(end + ahead_bytes, heap.end()));
    wanted_changed_.notify_one();
    return true;
}

void MemoryAhead::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wanted_changed_.wait(lock, [this] { return stop_ || frontier_ < wanted_; });
        if (stop_) return;
        const Offset begin = frontier_;
        const std::uint64_t bytes = std::min(shm::huge_page_bytes, wanted_ - begin);
        // Without the lock: the engine may overtake, and then both back the same pages, harmlessly.
        lock.unlock();
        const bool done = segment_->commit(begin, bytes);
        lock.lock();
        if (!done) wanted_ = frontier_;  // the host is short of memory: only what is asked for
        else frontier_ = std::max(frontier_, begin + bytes);
    }
}

}  // namespace ringside::broker
