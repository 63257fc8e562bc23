#include "broker/reactor/memory_ahead.hpp"

#include <algorithm>

namespace ringside::broker {

namespace {

constexpr std::uint64_t heap_ahead_bytes = 16ULL << 20;
constexpr std::uint64_t slots_ahead_bytes = 2ULL << 20;

// What a former broker has backed already.

std::uint64_t heap_used(const shm::Segment& segment) {
    const shm::SegmentView& view = segment.view();
    std::uint64_t spans = view.identity().heap.bytes / shm::span_bytes;
    while (spans > 0 && view.span(spans - 1).size_class.load(std::memory_order_relaxed) == 0) {
        --spans;
    }
    return align_up(spans * shm::span_bytes, shm::huge_page_bytes);
}

std::uint64_t slots_used(const shm::Segment& segment) {
    return segment.header().root.slots_backed.load(std::memory_order_relaxed) * sizeof(shm::Slot);
}

}  // namespace

MemoryAhead::MemoryAhead(const shm::Segment& segment) : segment_(&segment) {
    const shm::Identity& identity = segment.view().identity();
    const auto part = [](const shm::Region& region, std::uint64_t ahead, std::uint64_t step,
                         std::uint64_t used) {
        const Offset frontier = region.offset + std::min(used, region.bytes);
        return Part{region, ahead, step, frontier, frontier};
    };
    parts_ = {part(identity.heap, heap_ahead_bytes, shm::huge_page_bytes, heap_used(segment)),
              part(identity.slots, slots_ahead_bytes, shm::huge_page_bytes, slots_used(segment))};
    thread_ = std::thread([this] { run(); });
}

MemoryAhead::~MemoryAhead() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wanted_changed_.notify_one();
    thread_.join();
}

bool MemoryAhead::commit(Offset offset, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    Part& part = offset >= parts_[0].region.offset ? parts_[0] : parts_[1];
    const Offset end = offset + bytes;
    if (end > part.frontier) {
        if (!segment_->commit(part.frontier, end - part.frontier)) return false;
        part.frontier = end;
    }
    part.wanted = std::max(part.wanted, std::min(end + part.ahead_bytes, part.region.end()));
    wanted_changed_.notify_one();
    return true;
}

MemoryAhead::Part* MemoryAhead::next_part() noexcept {
    const auto part = std::find_if(parts_.begin(), parts_.end(),
                                   [](const Part& one) { return one.frontier < one.wanted; });
    return part == parts_.end() ? nullptr : &*part;
}

void MemoryAhead::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wanted_changed_.wait(lock, [this] { return stop_ || next_part() != nullptr; });
        if (stop_) return;
        Part& part = *next_part();
        const Offset begin = part.frontier;
        const std::uint64_t bytes = std::min(part.step_bytes, part.wanted - begin);
        // Without the lock: the engine may overtake, and then both back the same pages, harmlessly.
        lock.unlock();
        const bool is_backed = segment_->commit(begin, bytes);
        lock.lock();
        if (is_backed) {
            part.frontier = std::max(part.frontier, begin + bytes);
        } else {
            part.wanted = part.frontier;  // the host is short: only what is asked for
        }
    }
}

}  // namespace ringside::broker
