#include "shm/index/name_index.hpp"
#include "shm/index/value_index.hpp"
#include "shm/version/visibility.hpp"

namespace ringside::shm {

namespace {

bool is_in_range(const ValueRange& range, std::string_view key) noexcept {
    if (key < range.low || (!range.has_low && key == range.low)) return false;
    return !range.high || key < *range.high || (range.has_high && key == *range.high);
}

template <class Each>
void for_each_posting(const PostingChunk& chunk, std::uint32_t capacity, Revision at,
                      const Each& each) {
    const Posting* postings = chunk.postings();
    for (std::uint32_t i = 0; i < capacity; ++i) {
        const Posting& posting = postings[i];
        const Revision from = posting.from.load(std::memory_order_relaxed);
        if (from > at) continue;
        const Revision to = posting.to.load(std::memory_order_relaxed);
        const std::uint32_t record = posting.record.load(std::memory_order_relaxed);
        // SYNC value-index-posting: R2, pairs with the fence of W2: if the place was reused, the
        // second load of `from` sees that.
        std::atomic_thread_fence(std::memory_order_acquire);
        if (to <= at || posting.from.load(std::memory_order_relaxed) != from) continue;
        each(RecordId{record});
    }
}

/// Returns nothing if the postings must be read.
std::optional<std::uint32_t> count_of(const PostingChunk& chunk, Revision at) noexcept {
    // SYNC value-index-posting: pairs with ~ChunkChange; the changed words are visible.
    const std::uint32_t changes = chunk.changes.load(std::memory_order_acquire);
    const std::uint32_t used = chunk.used.load(std::memory_order_relaxed);
    const bool has_ended = chunk.ended.load(std::memory_order_relaxed) != 0;
    const bool has_newer = chunk.newest_from.load(std::memory_order_relaxed) > at;
    // SYNC value-index-posting: pairs with the fence of ChunkChange.
    std::atomic_thread_fence(std::memory_order_acquire);
    const bool is_whole =
        changes % 2 == 0 && chunk.changes.load(std::memory_order_relaxed) == changes;
    if (!is_whole || has_ended || has_newer) return std::nullopt;
    return used;
}

}  // namespace

std::string_view name(IndexState state) noexcept {
    switch (state) {
        case IndexState::none: return "none";
        case IndexState::building: return "building";
        case IndexState::ready: return "ready";
        case IndexState::suspended: return "suspended";
    }
    return "unknown";
}

ValueIndexReader::ValueIndexReader(const SegmentView& segment, std::uint32_t index) noexcept
    : segment_(segment),
      entry_(&segment.header().indexes[index]),
      // SYNC value-index-life: pairs with SecondaryIndexes::begin_building.
      life_(entry_->life.load(std::memory_order_acquire)) {}

bool ValueIndexReader::is_ready(Revision at) const noexcept {
    // SYNC value-index-ready: R1, pairs with SecondaryIndexes::turn; all postings are visible.
    return life_ != 0 && entry_->ready_from.load(std::memory_order_acquire) <= at &&
           entry_->life.load(std::memory_order_relaxed) == life_;
}

std::optional<RecordId> ValueIndexReader::definition(Revision at) const noexcept {
    const RecordId record{entry_->record.load(std::memory_order_relaxed)};
    if (!is_ready(at)) return std::nullopt;
    return record;
}

template <class Each>
void ValueIndexReader::for_each_value(const ValueRange& range, const Each& each) const {
    const SlotsReader slots(segment_);
    NameIndexCursor cursor(segment_, entry_->root);
    cursor.seek(range.low);
    for (auto ids = cursor.next(); !ids.empty(); ids = cursor.next()) {
        for (const std::uint32_t id : ids) {
            const VersionBlock* value = slots.newest_of(RecordId{id});
            if (value == nullptr) return;
            const std::uint64_t bytes = VersionBlock::bytes_needed(
                value->name_bytes, sizeof(PostingList), value->has_expiry());
            if (!segment_.holds(segment_.offset_of(value), bytes)) return;
            if (!is_in_range(range, value->name())) {
                if (value->name() == range.low) continue;
                return;
            }
            each(*value);
        }
    }
}

template <class Each>
void ValueIndexReader::for_each_chunk(const VersionBlock& value, const Each& each) const {
    // SYNC value-index-chunk: pairs with ValueIndexWriter::make_chunk; the chunk is whole.
    Offset offset = postings_of(value)->first.load(std::memory_order_acquire);
    // No index has more; a reader whose pin was revoked may follow a cycle.
    std::uint64_t chunks_left = segment_.identity().heap.bytes / PostingChunk::bytes_of(1);
    while (offset != 0 && chunks_left-- > 0) {
        if (!segment_.holds(offset, sizeof(PostingChunk))) return;
        const auto& chunk = *segment_.at<PostingChunk>(offset);
        const std::uint32_t capacity = chunk.capacity.load(std::memory_order_relaxed);
        if (capacity > PostingChunk::capacity_max ||
            !segment_.holds(offset, PostingChunk::bytes_of(capacity))) {
            return;
        }
        // SYNC value-index-chunk: pairs with ValueIndexWriter::drop_chunk.
        offset = chunk.next.load(std::memory_order_acquire);
        if (segment_.holds(offset, sizeof(PostingChunk))) {
            __builtin_prefetch(segment_.at<std::byte>(offset));
        }
        each(chunk, capacity);
    }
}

std::optional<std::vector<RecordId>> ValueIndexReader::find(const ValueRange& range,
                                                            Revision at) const {
    if (!is_ready(at)) return std::nullopt;
    std::vector<RecordId> found;
    for_each_value(range, [&](const VersionBlock& value) {
        for_each_chunk(value, [&](const PostingChunk& chunk, std::uint32_t capacity) {
            for_each_posting(chunk, capacity, at,
                             [&](RecordId record) { found.push_back(record); });
        });
    });
    // SYNC value-index-ready: R3, pairs with SecondaryIndexes::undefine and suspend.
    std::atomic_thread_fence(std::memory_order_acquire);
    if (!is_ready(at)) return std::nullopt;
    return found;
}

std::optional<std::uint64_t> ValueIndexReader::count(const ValueRange& range,
                                                     Revision at) const noexcept {
    if (!is_ready(at)) return std::nullopt;
    std::uint64_t found = 0;
    for_each_value(range, [&](const VersionBlock& value) {
        for_each_chunk(value, [&](const PostingChunk& chunk, std::uint32_t capacity) {
            if (const auto used = count_of(chunk, at)) found += *used;
            else for_each_posting(chunk, capacity, at, [&](RecordId) { ++found; });
        });
    });
    // SYNC value-index-ready: R3, pairs with SecondaryIndexes::undefine and suspend.
    std::atomic_thread_fence(std::memory_order_acquire);
    if (!is_ready(at)) return std::nullopt;
    return found;
}

}  // namespace ringside::shm
