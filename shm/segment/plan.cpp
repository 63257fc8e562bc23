#include "shm/segment/plan.hpp"

#include <algorithm>
#include <bit>

#include "shm/ring/change_ring.hpp"
#include "shm/ring/ended_writers.hpp"
#include "shm/segment/segment.hpp"
#include "shm/segment/statistics.hpp"

namespace ringside::shm {

namespace {

constexpr std::uint64_t page_bytes = 4096;
/// The regions follow the header and the statistics, whose places are fixed.
constexpr Offset first_region = statistics_offset + statistics_bytes;
static_assert(first_region % page_bytes == 0);
constexpr std::uint64_t default_ring_entries_min = 1024;

/// Whole pages of slots, with some ids reserved as marks.
constexpr std::uint64_t slots_max = (1ULL << 32) - (1ULL << 20);

/// A 64th of the memory, as a power of two.
std::uint64_t default_ring_entries(std::uint64_t memory_bytes) {
    const std::uint64_t entries = std::bit_floor(memory_bytes / 64 / sizeof(ChangeEntry));
    return std::clamp(entries, default_ring_entries_min, limits::ring_entries_max);
}

}  // namespace

Result<void> plan_regions(const SegmentShape& shape, Identity& identity) {
    if (shape.memory_bytes < limits::memory_bytes_min ||
        shape.memory_bytes > limits::memory_bytes_max) {
        return Error(Errc::bad_configuration, "--memory must be from 8 MiB to 16 TiB");
    }
    const std::uint64_t bytes = align_up(shape.memory_bytes, huge_page_bytes);
    const std::uint64_t entries =
        shape.ring_entries == 0 ? default_ring_entries(bytes) : shape.ring_entries;
    if (!std::has_single_bit(entries) || entries < limits::ring_entries_min ||
        entries > limits::ring_entries_max || entries * sizeof(ChangeEntry) > bytes / 4) {
        return Error(Errc::bad_configuration,
                     "--ring-entries must be a power of two, at least 64, and the ring must fit in "
                     "a quarter of --memory");
    }
    Offset next = first_region;
    const auto take = [&next](std::uint64_t wanted, std::uint64_t alignment) {
        const Region region{align_up(next, alignment), wanted};
        next = region.end();
        return region;
    };
    identity.segment_bytes = bytes;
    identity.ring_entries = entries;
    identity.sessions = take(limits::sessions_max * sizeof(SessionEntry), page_bytes);
    identity.spans = take(bytes / span_bytes * sizeof(SpanEntry), page_bytes);
    identity.writers = take(ended_writers_kept(entries) * sizeof(EndedWriterEntry), page_bytes);
    identity.ring = take(entries * sizeof(ChangeEntry), page_bytes);
    // A record takes at least 128 bytes in total, 8 of which are its slot. A RecordId has 32 bits,
    // and so do counts of slots.
    const std::uint64_t slots_bytes = std::min(bytes / 128, slots_max) * sizeof(Slot);
    identity.slots =
        take(slots_bytes, slots_bytes < huge_page_bytes ? page_bytes : huge_page_bytes);
    identity.heap.offset = align_up(next, huge_page_bytes);
    identity.heap.bytes = bytes - identity.heap.offset;
    return {};
}

Result<void> check_plan(const Identity& identity, std::uint64_t segment_bytes) {
    if (identity.segment_bytes != segment_bytes) {
        return Error(Errc::bad_segment, "size differs from the header");
    }
    Offset next = first_region;
    for (const Region* region : {&identity.sessions, &identity.spans, &identity.writers,
                                 &identity.ring, &identity.slots, &identity.heap}) {
        if (region->offset < next || region->offset > segment_bytes ||
            region->bytes > segment_bytes - region->offset || region->offset % page_bytes != 0) {
            return Error(Errc::bad_segment, "regions do not fit the segment");
        }
        next = region->end();
    }
    if (!std::has_single_bit(identity.ring_entries) ||
        identity.ring_entries > limits::ring_entries_max ||
        identity.slots.bytes / sizeof(Slot) > slots_max ||
        identity.ring_entries * sizeof(ChangeEntry) != identity.ring.bytes ||
        identity.sessions.bytes != limits::sessions_max * sizeof(SessionEntry) ||
        identity.writers.bytes !=
            ended_writers_kept(identity.ring_entries) * sizeof(EndedWriterEntry) ||
        identity.heap.offset % huge_page_bytes != 0 || identity.heap.bytes % span_bytes != 0 ||
        identity.spans.bytes / sizeof(SpanEntry) < identity.heap.bytes / span_bytes) {
        return Error(Errc::bad_segment, "regions do not fit the segment");
    }
    return {};
}

std::uint64_t starting_bytes(const Identity& planned) noexcept {
    return planned.slots.offset + std::min(planned.slots.bytes, huge_page_bytes) +
           std::min(planned.heap.bytes, 2 * huge_page_bytes);
}

}  // namespace ringside::shm
