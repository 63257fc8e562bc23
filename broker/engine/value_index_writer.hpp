#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "broker/engine/retirement.hpp"
#include "broker/engine/slot_allocator.hpp"
#include "shm/heap/heap.hpp"
#include "shm/index/name_index.hpp"
#include "shm/index/value_index.hpp"

namespace ringside::broker {

/// The engine's side of one secondary index; see shm/index/value_index.hpp for the protocol. Does
/// not reclaim memory: without memory, the index is suspended and the commit succeeds. Thread
/// safety: the engine thread only.
class ValueIndexWriter {
public:
    /// Accepts an object that readers might still be using.
    using Retire = std::function<void(Retired::Kind, Offset, std::uint64_t bytes)>;

    /// REQUIRES: no other index uses `entry`.
    ValueIndexWriter(const shm::SegmentView& segment, shm::Heap& heap, SlotAllocator& slots,
                     Retire retire, shm::IndexEntry& entry);

    /// Adds the value of a record from that revision on. Returns the posting; 0 if there is no
    /// memory.
    Offset insert(std::string_view key, RecordId record, Revision from);

    /// Marks the posting as valid only before that revision.
    void end(Offset posting, Revision to) const noexcept;
    [[nodiscard]] std::string_view key_of(Offset posting) const noexcept;

    /// REQUIRES: the posting has ended, and no reader is at a revision before its end.
    void release(Offset posting);

    /// Retries the removal of unused values that failed for lack of memory.
    void tidy();

    /// Dismantles the index, at most `steps` chunks or values at a time. Returns true if nothing is
    /// left.
    /// REQUIRES: readers have been notified; no other member function is called from here on.
    [[nodiscard]] bool dismantle(std::size_t steps);

    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
    [[nodiscard]] shm::VersionBlock* value_at(RecordId id) const noexcept;
    [[nodiscard]] bool is_unused(RecordId id) const;
    /// Returns null if there is no memory.
    shm::VersionBlock* find_or_make(std::string_view key);
    shm::VersionBlock* make_value(std::string_view key);
    [[nodiscard]] bool make_chunk(shm::VersionBlock& value);
    [[nodiscard]] Offset chunk_of(Offset posting) const noexcept;
    [[nodiscard]] shm::PostingChunk& chunk_at(Offset offset) const noexcept {
        return *segment_.at<shm::PostingChunk>(offset);
    }
    void add_room(shm::PostingList& list, Offset chunk) const noexcept;
    void remove_room(shm::PostingList& list, Offset chunk) const noexcept;
    void drop_chunk(shm::PostingList& list, Offset chunk);
    /// Returns false if there is no memory to remove the value from the tree.
    [[nodiscard]] bool drop_value(RecordId id);
    Offset allocate(std::uint64_t bytes);
    void retire(Offset offset, std::uint64_t bytes);
    void count(shm::Word& word, int change) const noexcept {
        word.store(word.load(std::memory_order_relaxed) + static_cast<std::uint64_t>(change),
                   std::memory_order_relaxed);
    }

    shm::SegmentView segment_;
    shm::Heap* heap_;
    SlotAllocator* slots_;
    Retire retire_;
    shm::IndexEntry* entry_;
    shm::NameIndexWriter tree_;
    std::vector<RecordId> unused_;  ///< values without records, still in the tree
    std::uint64_t bytes_ = 0;       ///< of values and postings, without the tree
};

}  // namespace ringside::broker
