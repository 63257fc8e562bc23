#include "shm/heap/heap.hpp"

#include <algorithm>
#include <cassert>

#include "shm/base/crash_point.hpp"
#include "shm/heap/size_class.hpp"

namespace ringside::shm {

namespace {

/// Share of the heap that is reserved for upkeep.
constexpr std::uint64_t reserve_divisor = 64;
constexpr std::uint64_t reserve_spans_min = 6;

constexpr std::uint64_t spans_for(std::uint64_t bytes) noexcept {
    return (bytes + span_bytes - 1) / span_bytes;
}

}  // namespace

/// A span of small blocks. Unused blocks are handed out in order, freed blocks last in, first out.
struct Heap::Span {
    std::uint16_t size_class = 0;
    bool upkeep_only = false;
    std::uint32_t capacity = 0;
    std::uint32_t fresh = 0;  ///< blocks from here on have never been used
    std::uint32_t used = 0;
    std::uint32_t place = none;  ///< index in its open list
    std::vector<std::uint16_t> freed;
};

Heap::Heap(const SegmentView& segment, CommitMemory commit_memory)
    : segment_(segment), commit_memory_(std::move(commit_memory)) {
    const std::uint64_t spans = segment.identity().heap.bytes / span_bytes;
    spans_.resize(spans);
    for (auto& lists : open_spans_) lists.resize(size_class::count);
    free_runs_.emplace(0, spans);
    free_spans_ = spans;
    reserve_spans_ = std::max(reserve_spans_min, spans / reserve_divisor);
}

Heap::~Heap() = default;
Heap::Heap(Heap&&) noexcept = default;

Offset Heap::allocate(std::uint64_t bytes, Purpose purpose) {
    assert(bytes > 0);
    return bytes <= size_class::small_bytes_max ? allocate_small(size_class::of(bytes), purpose)
                                                : allocate_large(spans_for(bytes), purpose);
}

Offset Heap::allocate_small(std::size_t size_class, Purpose purpose) {
    auto& shared = open_spans_[0][size_class];
    if (!shared.empty()) return take_block(shared.back());
    if (purpose == Purpose::upkeep && !open_spans_[1][size_class].empty()) {
        return take_block(open_spans_[1][size_class].back());
    }
    const std::uint32_t index = take_run(1, purpose);
    if (index == none) return purpose == Purpose::upkeep ? allocate_larger(size_class) : 0;
    auto span = std::make_unique<Span>();
    span->size_class = static_cast<std::uint16_t>(size_class);
    span->capacity = static_cast<std::uint32_t>(span_bytes / size_class::bytes(size_class));
    span->upkeep_only = free_spans_ < reserve_spans_;
    spans_[index] = std::move(span);
    segment_.span(index).size_class.store(static_cast<std::uint16_t>(size_class + 1),
                                          std::memory_order_relaxed);
    reach(CrashPoint::heap_span_taken);
    open(index);
    return take_block(index);
}

Offset Heap::allocate_larger(std::size_t size_class) {
    for (std::size_t larger = size_class + 1; larger < size_class::count; ++larger) {
        for (const auto& lists : open_spans_) {
            if (!lists[larger].empty()) return take_block(lists[larger].back());
        }
    }
    return 0;
}

namespace {

constexpr std::uint32_t prefetched_bytes_max = 256;

}  // namespace

Offset Heap::take_block(std::uint32_t index) {
    Span& span = *spans_[index];
    std::uint32_t block = span.fresh;
    if (span.freed.empty()) {
        ++span.fresh;
    } else {
        block = span.freed.back();
        span.freed.pop_back();
    }
    if (++span.used == span.capacity) close(index);
    bytes_used_ += size_class::bytes(span.size_class);
    segment_.span(index).used.store(static_cast<std::uint16_t>(span.used),
                                    std::memory_order_relaxed);
    reach(CrashPoint::heap_block_taken);
    const Offset first = segment_.identity().heap.offset + index * span_bytes;
    const std::uint32_t block_bytes = size_class::bytes(span.size_class);
    if (!span.freed.empty()) {  // written next, and not accessed for a long time
        const auto* next =
            segment_.at<char>(first + std::uint64_t{span.freed.back()} * block_bytes);
        for (std::uint32_t at = 0; at < std::min(block_bytes, prefetched_bytes_max); at += 64) {
            __builtin_prefetch(next + at, 1);
        }
    }
    return first + std::uint64_t{block} * block_bytes;
}

Offset Heap::allocate_large(std::uint64_t spans, Purpose purpose) {
    const std::uint32_t first = take_run(spans, purpose);
    if (first == none) return 0;
    bytes_used_ += spans * span_bytes;
    for (std::uint64_t i = 0; i < spans; ++i) {
        segment_.span(first + i).size_class.store(
            i == 0 ? SpanEntry::large_first : SpanEntry::large_rest, std::memory_order_relaxed);
    }
    reach(CrashPoint::heap_run_taken);
    return segment_.identity().heap.offset + first * span_bytes;
}

void Heap::free(Offset offset, std::uint64_t bytes) {
    const std::uint64_t within = offset - segment_.identity().heap.offset;
    const auto index = static_cast<std::uint32_t>(within / span_bytes);
    if (bytes > size_class::small_bytes_max) {
        bytes_used_ -= spans_for(bytes) * span_bytes;
        release_run(index, spans_for(bytes));
        return;
    }
    Span& span = *spans_[index];
    assert(size_class::of(bytes) <= span.size_class);  // larger only for upkeep in a full heap
    bytes_used_ -= size_class::bytes(span.size_class);
    if (span.used == span.capacity) open(index);
    span.freed.push_back(
        static_cast<std::uint16_t>(within % span_bytes / size_class::bytes(span.size_class)));
    --span.used;
    segment_.span(index).used.store(static_cast<std::uint16_t>(span.used),
                                    std::memory_order_relaxed);
    if (span.used == 0) {
        close(index);
        spans_[index].reset();
        release_run(index, 1);
    }
}

void Heap::adopt(const BlockMap& used) {
    const std::uint64_t spans = spans_.size();
    const Offset heap = segment_.identity().heap.offset;
    free_runs_.clear();
    free_spans_ = 0;
    const auto size_class_of = [this](std::uint64_t span) {
        return segment_.span(span).size_class.load(std::memory_order_relaxed);
    };
    for (std::uint32_t span = 0; span < spans;) {
        const std::uint16_t held = size_class_of(span);
        if (held != 0) committed_spans_ = span + 1;
        if (held == 0) {
            std::uint32_t end = span + 1;
            while (end < spans && size_class_of(end) == 0) ++end;
            free_runs_.emplace(span, end - span);
            free_spans_ += end - span;
            span = end;
            continue;
        }
        bytes_in_spans_ += span_bytes;
        const Offset begin = heap + span * span_bytes;
        if (held == SpanEntry::large_first && used.has(begin)) {
            bytes_used_ += span_bytes;
            for (++span; span < spans && size_class_of(span) == SpanEntry::large_rest; ++span) {
                committed_spans_ = span + 1;
                bytes_in_spans_ += span_bytes;
                bytes_used_ += span_bytes;
            }
            continue;
        }
        if (held <= size_class::count) {
            adopt_small(span, held - 1U, used);
        } else {
            // A run that was being released has lost its first span. Mark the rest, so that it
            // cannot appear as the end of a run that is placed in front of it later.
            segment_.span(span).size_class.store(SpanEntry::large_first, std::memory_order_relaxed);
            quarantined_spans_.push_back(span);
            quarantine_bytes_ += span_bytes;
        }
        ++span;
    }
    committed_spans_ =
        std::min(spans, align_up(committed_spans_ * span_bytes, huge_page_bytes) / span_bytes);
}

void Heap::adopt_small(std::uint32_t index, std::size_t size_class, const BlockMap& used) {
    auto span = std::make_unique<Span>();
    const std::uint32_t bytes = size_class::bytes(size_class);
    span->size_class = static_cast<std::uint16_t>(size_class);
    span->capacity = static_cast<std::uint32_t>(span_bytes / bytes);
    span->fresh = span->capacity;
    const Offset begin = segment_.identity().heap.offset + index * span_bytes;
    std::vector<std::uint16_t> kept_out;
    for (std::uint32_t block = 0; block < span->capacity; ++block) {
        if (used.has(begin + std::uint64_t{block} * bytes)) {
            ++span->used;
        } else {
            kept_out.push_back(static_cast<std::uint16_t>(block));
        }
    }
    if (span->used == 0) {
        quarantined_spans_.push_back(index);
        quarantine_bytes_ += span_bytes;
        return;
    }
    bytes_used_ += std::uint64_t{span->used} * bytes;
    // Count the quarantined blocks as used: no list has them, and the span appears full.
    quarantine_bytes_ += std::uint64_t{bytes} * kept_out.size();
    span->used = span->capacity;
    segment_.span(index).used.store(static_cast<std::uint16_t>(span->used),
                                    std::memory_order_relaxed);
    spans_[index] = std::move(span);
    if (!kept_out.empty()) quarantined_blocks_.emplace_back(index, std::move(kept_out));
}

void Heap::end_quarantine() {
    for (const std::uint32_t span : quarantined_spans_) release_run(span, 1);
    for (const auto& [index, blocks] : quarantined_blocks_) {
        const std::uint32_t bytes = size_class::bytes(spans_[index]->size_class);
        const Offset begin = segment_.identity().heap.offset + index * span_bytes;
        bytes_used_ += std::uint64_t{bytes} * blocks.size();  // `free` subtracts this again
        for (const std::uint16_t block : blocks) free(begin + std::uint64_t{block} * bytes, bytes);
    }
    quarantined_spans_ = {};
    quarantined_blocks_ = {};
    quarantine_bytes_ = 0;
}

std::uint32_t Heap::take_run(std::uint64_t spans, Purpose purpose) {
    const std::uint64_t kept_back = purpose == Purpose::data ? reserve_spans_ : 0;
    if (free_spans_ < spans + kept_back) return none;
    const auto run = std::find_if(free_runs_.begin(), free_runs_.end(),
                                  [spans](const auto& entry) { return entry.second >= spans; });
    if (run == free_runs_.end()) return none;
    const auto [first, length] = *run;
    if (!ensure_committed(first + spans)) return none;
    free_runs_.erase(run);
    if (length > spans)
        free_runs_.emplace(first + static_cast<std::uint32_t>(spans), length - spans);
    free_spans_ -= spans;
    bytes_in_spans_ += spans * span_bytes;
    return first;
}

bool Heap::ensure_committed(std::uint64_t spans_end) {
    if (spans_end <= committed_spans_) return true;
    const Offset heap = segment_.identity().heap.offset;
    const Offset begin = heap + committed_spans_ * span_bytes;
    const Offset end = std::min(align_up(heap + spans_end * span_bytes, huge_page_bytes),
                                segment_.identity().heap.end());
    if (!commit_memory_(begin, end - begin)) return false;
    committed_spans_ = (end - heap) / span_bytes;
    return true;
}

void Heap::release_run(std::uint32_t first, std::uint64_t spans) {
    for (std::uint64_t i = 0; i < spans; ++i) {
        segment_.span(first + i).size_class.store(0, std::memory_order_relaxed);
    }
    free_spans_ += spans;
    bytes_in_spans_ -= spans * span_bytes;
    auto [run, inserted] = free_runs_.emplace(first, spans);
    assert(inserted);
    if (const auto next = std::next(run);
        next != free_runs_.end() && first + spans == next->first) {
        run->second += next->second;
        free_runs_.erase(next);
    }
    if (run != free_runs_.begin()) {
        const auto before = std::prev(run);
        if (before->first + before->second == first) {
            before->second += run->second;
            free_runs_.erase(run);
        }
    }
}

std::vector<std::uint32_t>& Heap::open_list(const Span& span) {
    return open_spans_[span.upkeep_only ? 1 : 0][span.size_class];
}

void Heap::open(std::uint32_t index) {
    Span& span = *spans_[index];
    auto& list = open_list(span);
    span.place = static_cast<std::uint32_t>(list.size());
    list.push_back(index);
}

void Heap::close(std::uint32_t index) {
    Span& span = *spans_[index];
    if (span.place == none) return;
    auto& list = open_list(span);
    const std::uint32_t last = list.back();
    list[span.place] = last;
    spans_[last]->place = span.place;
    list.pop_back();
    span.place = none;
}

std::uint64_t Heap::rounded(std::uint64_t bytes) noexcept {
    if (bytes > size_class::small_bytes_max) return spans_for(bytes) * span_bytes;
    return size_class::bytes(size_class::of(bytes));
}

std::size_t Heap::size_classes() noexcept { return size_class::count; }

std::uint32_t Heap::class_bytes(std::size_t size_class) noexcept {
    return size_class::bytes(size_class);
}

std::uint64_t Heap::bytes_total() const noexcept { return segment_.identity().heap.bytes; }

}  // namespace ringside::shm
