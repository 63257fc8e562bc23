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

/// The engine's side of one secondary index; shm/index/value_index.hpp has the protocol. Never
/// makes room itself: where there is no memory, the index is given up, and not the commit.
/// Thread safety: the engine thread only.
class ValueIndexWriter {
public:
    /// Takes what readers may still be inside.
    using Retire = std::function<void(Retired::Kind, Offset, std::uint64_t bytes)>;

    /// `entry` is one that no index has.
    ValueIndexWriter(const shm::SegmentView& segment, shm::Heap& heap, SlotAllocator& slots,
                     Retire retire, shm::IndexEntry& entry);

    /// Says that the record has the value from that revision on. Gives the posting; 0: no memory.
    Offset insert(std::string_view key, RecordId record, Revision from);

    /// Says that it has had it until before that revision.
    void end(Offset posting, Revision to) const noexcept {
        // release: pairs with nothing that a reader needs; it is of a revision not yet published.
        segment_.at<shm::Posting>(posting)->to.store(to, std::memory_order_release);
    }
    [[nodiscard]] std::string_view key_of(Offset posting) const noexcept;

    /// REQUIRES: it has ended, and no reader is at a revision before that.
    void release(Offset posting);

    /// Tries again to take out values that no record has, where there was no memory for it.
    void tidy();

    /// Takes the index apart, so many chunks or values at a time. True: nothing is left of it.
    /// REQUIRES: readers have been told; of the other members only this one is called from here on.
    [[nodiscard]] bool dismantle(std::size_t steps);

    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
    [[nodiscard]] shm::VersionBlock* value_at(RecordId id) const noexcept;
    [[nodiscard]] bool is_unused(RecordId id) const;
    /// Null: no memory.
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
    /// False: no memory to take it out of the tree.
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
    std::vector<RecordId> unused_;  ///< values that no record has, still in the tree
    std::uint64_t bytes_ = 0;       ///< of values and postings, without the tree
};

}  // namespace ringside::broker
