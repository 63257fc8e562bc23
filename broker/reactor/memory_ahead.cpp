#include "broker/reactor/memory_ahead.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace ringside::broker {

namespace {

constexpr std::uint64_t heap_ahead_bytes = 16ULL << 20;
constexpr std::uint64_t slots_ahead_bytes = 2ULL << 20;
/// Memory that backing ahead leaves free: the next step of each part.
constexpr std::uint64_t left_over_bytes = 2 * shm::huge_page_bytes;
/// Minimum interval between log lines about the state of memory.
constexpr std::chrono::seconds report_interval{10};

// Memory that a former broker has already backed.

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

MemoryAhead::MemoryAhead(const shm::Segment& segment, MemoryOptions options)
    : segment_(&segment), options_(std::move(options)) {
    if (!options_.back) {
        options_.back = [this](Offset offset, std::uint64_t bytes) {
            return segment_->commit(offset, bytes);
        };
    }
    if (!options_.free_bytes) {
        options_.free_bytes = [this] { return segment_->host_bytes_free(); };
    }
    if (!options_.clock) options_.clock = [] { return Clock::now(); };
    const shm::Identity& identity = segment.view().identity();
    const auto part = [](const shm::Region& region, std::uint64_t ahead, std::uint64_t step,
                         std::uint64_t used) {
        const Offset frontier = region.offset + std::min(used, region.bytes);
        return Part{region, ahead, step, frontier, frontier};
    };
    parts_ = {part(identity.heap, heap_ahead_bytes, shm::huge_page_bytes, heap_used(segment)),
              part(identity.slots, slots_ahead_bytes, shm::huge_page_bytes, slots_used(segment))};
    Part& slots = parts_[1];
    if (slots.frontier == slots.region.offset) {
        slots.wanted = std::min(slots.frontier + slots.step_bytes, slots.region.end());
    }
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
    if (end > part.frontier && !back(part, end)) return false;
    part.wanted = std::max(part.wanted, std::min(end + part.ahead_bytes, part.region.end()));
    wanted_changed_.notify_one();
    return true;
}

std::uint64_t MemoryAhead::backed_bytes() const noexcept {
    // Everything before the slots was backed when the segment was created.
    std::uint64_t bytes = parts_[1].region.offset;
    for (const Part& part : parts_) bytes += part.frontier - part.region.offset;
    return bytes;
}

/// Checks whether `bytes` more can be backed with `left_over` bytes still free.
MemoryAhead::Shortage MemoryAhead::shortage_of(std::uint64_t bytes, std::uint64_t left_over) const {
    const std::uint64_t backed = backed_bytes();
    if (backed > options_.bytes_max || bytes + left_over > options_.bytes_max - backed) {
        return Shortage::bound;
    }
    return options_.free_bytes() < bytes + left_over ? Shortage::file_system : Shortage::none;
}

/// Advances the frontier to `end`, unless the host has refused recently.
bool MemoryAhead::back(Part& part, Offset end) {
    const auto now = options_.clock();
    if (now < refused_until_) return false;
    const std::uint64_t bytes = end - part.frontier;
    Shortage shortage = shortage_of(bytes, 0);
    if (shortage == Shortage::none && !options_.back(part.frontier, bytes)) {
        shortage = Shortage::file_system;
    }
    report(shortage);
    if (shortage == Shortage::none) {
        part.frontier = end;
        return true;
    }
    refused_until_ = now + retry_interval;
    return false;
}

void MemoryAhead::report(Shortage shortage) {
    const bool is_short = shortage != Shortage::none;
    if (is_short == is_short_ || options_.clock() < report_after_) return;
    is_short_ = is_short;
    report_after_ = options_.clock() + report_interval;
    const std::uint64_t backed_mib = backed_bytes() >> 20;
    const std::uint64_t segment_mib = segment_->view().size_bytes() >> 20;
    if (shortage == Shortage::none) {
        spdlog::info("grid can grow again ({} MiB of {} MiB in use)", backed_mib, segment_mib);
    } else if (shortage == Shortage::bound) {
        spdlog::warn(
            "grid is full at {} MiB of {} MiB because of {}; delete records, or raise the limit "
            "and restart the broker",
            backed_mib, segment_mib, options_.bound_by);
    } else {
        spdlog::warn(
            "grid is full at {} MiB of {} MiB because /dev/shm is full; delete records, or enlarge "
            "/dev/shm",
            backed_mib, segment_mib);
    }
}

/// Slots have priority: without a slot, no record can be created.
MemoryAhead::Part* MemoryAhead::next_part() noexcept {
    const auto part = std::find_if(parts_.rbegin(), parts_.rend(),
                                   [](const Part& one) { return one.frontier < one.wanted; });
    return part == parts_.rend() ? nullptr : &*part;
}

void MemoryAhead::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wanted_changed_.wait(lock, [this] { return stop_ || next_part() != nullptr; });
        if (stop_) return;
        Part& part = *next_part();
        const Offset begin = part.frontier;
        const std::uint64_t bytes = std::min(part.step_bytes, part.wanted - begin);
        bool is_backed = shortage_of(bytes, left_over_bytes) == Shortage::none;
        if (is_backed) {
            // Without the lock: the engine may overtake this thread. Both then back the same pages,
            // which is harmless.
            lock.unlock();
            is_backed = options_.back(begin, bytes);
            lock.lock();
        }
        if (is_backed) {
            part.frontier = std::max(part.frontier, begin + bytes);
        } else {
            part.wanted = part.frontier;  // the host is short: back only what is requested
        }
    }
}

}  // namespace ringside::broker
