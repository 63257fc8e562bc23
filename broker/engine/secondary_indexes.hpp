#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/engine/value_index_writer.hpp"
#include "shm/document/pointer.hpp"
#include "shm/name/pattern.hpp"

namespace ringside::broker {

/// The secondary indexes of a grid. A record `$sys/index/…` defines each index, so that indexes are
/// created and removed by commits, are stored with the grid and outlive the broker.
///
/// Indexes are best effort: no commit is refused because an index cannot follow it. An index
/// without memory is suspended, and rebuilt when there is enough memory.
/// Thread safety: the engine thread only.
class SecondaryIndexes {
public:
    using Retire = std::function<void(const Retired&)>;
    /// `retire`: accepts objects that only readers of older revisions, or readers inside the index,
    /// need.
    SecondaryIndexes(const shm::SegmentView& segment, shm::Heap& heap, SlotAllocator& slots,
                     Retire retire);
    ~SecondaryIndexes();
    SecondaryIndexes(SecondaryIndexes&&) noexcept;
    SecondaryIndexes& operator=(SecondaryIndexes&&) noexcept;

    /// Discards the indexes of the former broker. Readers stop using them from here on. REQUIRES:
    /// called before any of their memory is allocated again.
    void rebuild();

    /// Starts to build the index that the record defines, unless the index exists.
    void define(const shm::VersionBlock& definition);
    void undefine(RecordId definition);

    /// Returns whether no index is defined, so that commits need not be reported.
    [[nodiscard]] bool is_empty() const noexcept { return indexes_.empty(); }
    /// Returns whether another index can be defined.
    [[nodiscard]] bool has_room() const noexcept;

    /// Updates the indexes for a new, not yet published version of a record.
    void changed(const shm::VersionBlock& now);

    /// Releases a posting that no reader needs any longer.
    void release(const Retired& posting);

    /// Continues work that takes longer than one turn. `settled`: the newest revision. Returns
    /// false if there was nothing to do.
    bool turn(std::uint64_t now_ns, Revision settled);
    [[nodiscard]] bool has_work() const noexcept;

private:
    struct Index;
    [[nodiscard]] Index* index_of(RecordId definition) const noexcept;
    [[nodiscard]] shm::IndexEntry* free_entry() const noexcept;
    void begin_building(Index& index);
    /// Adds records to the index in name order. Returns false after the last record.
    [[nodiscard]] bool build(Index& index, std::size_t records_max);
    void change(Index& index, const shm::VersionBlock& now);
    [[nodiscard]] bool add(Index& index, const shm::VersionBlock& version);
    void suspend(Index& index);
    bool turn(Index& index, std::uint64_t now_ns, Revision settled);

    shm::SegmentView segment_;
    shm::Heap* heap_;
    SlotAllocator* slots_;
    Retire retire_;
    std::vector<std::unique_ptr<Index>> indexes_;
};

}  // namespace ringside::broker
