#include "broker/engine/value_index_writer.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "shm/base/crash_point.hpp"

namespace ringside::broker {

using shm::no_revision;
using shm::Posting;
using shm::PostingChunk;
using shm::PostingList;
using shm::VersionBlock;
using shm::Word;

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

/// Marks a chunk as being changed for the lifetime of this object.
class ChunkChange {
public:
    explicit ChunkChange(PostingChunk& chunk) noexcept : chunk_(&chunk) {
        chunk.changes.store(chunk.changes.load(relaxed) + 1, relaxed);
        // SYNC value-index-posting: W2, pairs with the acquire fences of readers: a reader that
        // loads a word stored after this fence sees the odd number, or another `from`.
        std::atomic_thread_fence(std::memory_order_release);
    }
    ~ChunkChange() {
        // SYNC value-index-posting: pairs with count_of; the change is visible.
        chunk_->changes.store(chunk_->changes.load(relaxed) + 1, std::memory_order_release);
    }
    ChunkChange(const ChunkChange&) = delete;
    ChunkChange& operator=(const ChunkChange&) = delete;

private:
    PostingChunk* chunk_;
};

void add_to(shm::HalfWord& word, std::uint32_t change) noexcept {
    word.store(word.load(relaxed) + change, relaxed);
}
constexpr std::uint32_t minus_one = ~0U;

/// Values with few records get small chunks.
std::uint32_t capacity_after(std::uint64_t used) noexcept {
    return static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(used * 3, 1, PostingChunk::capacity_max));
}

}  // namespace

ValueIndexWriter::ValueIndexWriter(const shm::SegmentView& segment, shm::Heap& heap,
                                   SlotAllocator& slots, Retire retire, shm::IndexEntry& entry)
    : segment_(segment),
      heap_(&heap),
      slots_(&slots),
      retire_(std::move(retire)),
      entry_(&entry),
      tree_(
          segment, heap,
          [this](Offset offset, std::uint64_t bytes) {
              retire_(Retired::Kind::block, offset, bytes);
          },
          entry.root) {}

Offset ValueIndexWriter::allocate(std::uint64_t bytes) {
    const Offset offset = heap_->allocate(bytes, shm::Heap::Purpose::data);
    if (offset != 0) bytes_ += bytes;
    return offset;
}

void ValueIndexWriter::retire(Offset offset, std::uint64_t bytes) {
    bytes_ -= bytes;
    retire_(Retired::Kind::block, offset, bytes);
}

VersionBlock* ValueIndexWriter::value_at(RecordId id) const noexcept {
    return segment_.version_at(segment_.slot(id).newest.load(relaxed));
}

VersionBlock* ValueIndexWriter::find_or_make(std::string_view key) {
    if (const auto id = tree_.find(key)) return value_at(*id);
    return make_value(key);
}

VersionBlock* ValueIndexWriter::make_value(std::string_view key) {
    const auto id = slots_->take();
    if (!id) return nullptr;
    const std::uint64_t bytes = VersionBlock::bytes_needed(key.size(), sizeof(PostingList), false);
    const Offset offset = allocate(bytes);
    if (offset == 0) {
        slots_->give_back(*id);
        return nullptr;
    }
    auto* value = new (segment_.at<std::byte>(offset)) VersionBlock{};
    value->record = static_cast<std::uint32_t>(*id);
    value->name_bytes = static_cast<std::uint16_t>(key.size());
    value->document_bytes = sizeof(PostingList);
    // The flags identify this block as an index value, not a record.
    value->link.store(shm::version_flag::tombstone | shm::version_flag::index_value, relaxed);
    std::memcpy(segment_.at<char>(offset) + VersionBlock::name_offset(false), key.data(),
                key.size());
    new (shm::postings_of(*value)) PostingList{};
    // SYNC slot-version: pairs with SlotsReader::newest_of; the value's block is complete.
    segment_.slot(*id).newest.store(offset, std::memory_order_release);
    reach(CrashPoint::index_value_made);
    if (!tree_.insert(*id)) {
        segment_.slot(*id).newest.store(0, relaxed);
        slots_->give_back(*id);
        heap_->free(offset, bytes);
        bytes_ -= bytes;
        return nullptr;
    }
    count(entry_->values, 1);
    return value;
}

bool ValueIndexWriter::make_chunk(VersionBlock& value) {
    PostingList& list = *shm::postings_of(value);
    const std::uint32_t capacity = capacity_after(list.used.load(relaxed));
    const Offset offset = allocate(PostingChunk::bytes_of(capacity));
    if (offset == 0) return false;
    auto* chunk = new (segment_.at<std::byte>(offset)) PostingChunk{};
    chunk->capacity.store(capacity, relaxed);
    chunk->value.store(value.record, relaxed);
    for (std::uint32_t i = 0; i < capacity; ++i) {
        auto* posting = new (&chunk->postings()[i]) Posting{};
        posting->from.store(no_revision, relaxed);
        posting->record.store(i + 1 == capacity ? PostingChunk::no_place : i + 1, relaxed);
        posting->place.store(i, relaxed);
    }
    const Offset next = list.first.load(relaxed);
    chunk->next.store(next, relaxed);
    if (next != 0) chunk_at(next).previous.store(offset, relaxed);
    add_room(list, offset);
    // SYNC value-index-chunk: pairs with for_each_chunk; the chunk is complete.
    list.first.store(offset, std::memory_order_release);
    return true;
}

void ValueIndexWriter::add_room(PostingList& list, Offset offset) const noexcept {
    PostingChunk& chunk = chunk_at(offset);
    const Offset next = list.first_with_room.load(relaxed);
    chunk.previous_with_room.store(0, relaxed);
    chunk.next_with_room.store(next, relaxed);
    if (next != 0) chunk_at(next).previous_with_room.store(offset, relaxed);
    list.first_with_room.store(offset, relaxed);
}

void ValueIndexWriter::remove_room(PostingList& list, Offset offset) const noexcept {
    const PostingChunk& chunk = chunk_at(offset);
    const Offset next = chunk.next_with_room.load(relaxed);
    const Offset previous = chunk.previous_with_room.load(relaxed);
    if (next != 0) chunk_at(next).previous_with_room.store(previous, relaxed);
    Word& link = previous == 0 ? list.first_with_room : chunk_at(previous).next_with_room;
    link.store(next, relaxed);
}

Offset ValueIndexWriter::insert(std::string_view key, RecordId record, Revision from) {
    VersionBlock* value = find_or_make(key);
    if (value == nullptr) return 0;
    PostingList& list = *shm::postings_of(*value);
    if (list.first_with_room.load(relaxed) == 0 && !make_chunk(*value)) {
        if (list.used.load(relaxed) == 0) unused_.push_back(value->record_id());
        return 0;
    }
    const Offset offset = list.first_with_room.load(relaxed);
    PostingChunk& chunk = chunk_at(offset);
    // W2: readers of the posting also pair with the fence of this object.
    const ChunkChange change(chunk);
    Posting& posting = chunk.postings()[chunk.first_free.load(relaxed)];
    chunk.first_free.store(posting.record.load(relaxed), relaxed);
    if (chunk.first_free.load(relaxed) == PostingChunk::no_place) remove_room(list, offset);
    add_to(chunk.used, 1);
    if (from > chunk.newest_from.load(relaxed)) chunk.newest_from.store(from, relaxed);
    count(list.used, 1);
    count(entry_->postings, 1);
    posting.to.store(no_revision, relaxed);
    posting.record.store(static_cast<std::uint32_t>(record), relaxed);
    posting.from.store(from, relaxed);
    reach(CrashPoint::index_posting_made);
    return segment_.offset_of(&posting);
}

Offset ValueIndexWriter::chunk_of(Offset posting) const noexcept {
    const std::uint32_t place = segment_.at<Posting>(posting)->place.load(relaxed);
    return posting - std::uint64_t{place} * sizeof(Posting) - sizeof(PostingChunk);
}

void ValueIndexWriter::end(Offset posting, Revision to) const noexcept {
    PostingChunk& chunk = chunk_at(chunk_of(posting));
    const ChunkChange change(chunk);
    segment_.at<Posting>(posting)->to.store(to, relaxed);
    add_to(chunk.ended, 1);
}

std::string_view ValueIndexWriter::key_of(Offset posting) const noexcept {
    return value_at(RecordId{chunk_at(chunk_of(posting)).value.load(relaxed)})->name();
}

void ValueIndexWriter::release(Offset offset) {
    Posting& posting = *segment_.at<Posting>(offset);
    const Offset chunk_offset = chunk_of(offset);
    PostingChunk& chunk = chunk_at(chunk_offset);
    const RecordId value_id{chunk.value.load(relaxed)};
    PostingList& list = *shm::postings_of(*value_at(value_id));
    const std::uint32_t next_free = chunk.first_free.load(relaxed);
    {
        const ChunkChange change(chunk);
        posting.from.store(no_revision, relaxed);
        posting.record.store(next_free, relaxed);
        chunk.first_free.store(posting.place.load(relaxed), relaxed);
        add_to(chunk.used, minus_one);
        add_to(chunk.ended, minus_one);
    }
    if (next_free == PostingChunk::no_place) add_room(list, chunk_offset);
    count(list.used, -1);
    count(entry_->postings, -1);
    if (chunk.used.load(relaxed) == 0) drop_chunk(list, chunk_offset);
    if (list.used.load(relaxed) == 0 && !drop_value(value_id)) unused_.push_back(value_id);
}

void ValueIndexWriter::drop_chunk(PostingList& list, Offset offset) {
    PostingChunk& chunk = chunk_at(offset);
    remove_room(list, offset);
    const Offset next = chunk.next.load(relaxed);
    const Offset previous = chunk.previous.load(relaxed);
    if (next != 0) chunk_at(next).previous.store(previous, relaxed);
    Word& link = previous == 0 ? list.first : chunk_at(previous).next;
    // SYNC value-index-chunk: pairs with for_each_chunk; the next chunk was complete before.
    link.store(next, std::memory_order_release);
    retire(offset, PostingChunk::bytes_of(chunk.capacity.load(relaxed)));
}

bool ValueIndexWriter::drop_value(RecordId id) {
    if (!tree_.erase(id)) return false;
    const VersionBlock& value = *value_at(id);
    // As in the name index: a reader in a replaced leaf still finds the key through the slot.
    retire_(Retired::Kind::slot, static_cast<Offset>(id), 0);
    retire(segment_.offset_of(&value), value.block_bytes());
    count(entry_->values, -1);
    return true;
}

/// Checks a value noted as unused: a record may have the value again by now, or the slot may have
/// been reused.
bool ValueIndexWriter::is_unused(RecordId id) const {
    const Offset offset = segment_.slot(id).newest.load(relaxed);
    if (offset == 0) return false;
    const VersionBlock& value = *segment_.version_at(offset);
    return value.is_index_value() && tree_.find(value.name()) == id &&
           shm::postings_of(value)->used.load(relaxed) == 0;
}

void ValueIndexWriter::tidy() {
    while (!unused_.empty()) {
        const RecordId id = unused_.back();
        if (is_unused(id) && !drop_value(id)) return;
        unused_.pop_back();
    }
}

bool ValueIndexWriter::dismantle(std::size_t steps) {
    while (steps > 0) {
        shm::NameIndexCursor cursor(segment_, entry_->root);
        cursor.seek("");
        const auto ids = cursor.next();
        if (ids.empty()) return true;
        const RecordId id{ids.front()};
        PostingList& list = *shm::postings_of(*value_at(id));
        while (const Offset offset = list.first.load(relaxed)) {
            if (steps-- == 0) return false;
            PostingChunk& chunk = chunk_at(offset);
            // SYNC value-index-chunk: pairs with for_each_chunk: a reader that misses chunks sees
            // at R3 that the index is no longer ready.
            list.first.store(chunk.next.load(relaxed), std::memory_order_release);
            retire(offset, PostingChunk::bytes_of(chunk.capacity.load(relaxed)));
        }
        if (!drop_value(id)) return false;
        if (steps > 0) --steps;
    }
    return false;
}

}  // namespace ringside::broker
