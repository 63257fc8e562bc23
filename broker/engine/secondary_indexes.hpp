#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/engine/value_index_writer.hpp"
#include "shm/document/pointer.hpp"
#include "shm/name/pattern.hpp"

namespace ringside::broker {

/// The secondary indexes of a grid. Each is defined by a record `$sys/index/…`, so that it comes
/// and goes by commits, is stored with the grid and outlives its broker.
///
/// An index is a help and no more: no commit is refused because an index cannot follow it. One that
/// has no memory any more is suspended, and built again when there is enough.
/// Thread safety: the engine thread only.
class SecondaryIndexes {
public:
    using Retire = std::function<void(const Retired&)>;
    /// `retire`: takes what a later revision than the newest does not need.
    SecondaryIndexes(const shm::SegmentView& segment, shm::Heap& heap, SlotAllocator& slots,
                     Retire retire);
    ~SecondaryIndexes();
    SecondaryIndexes(SecondaryIndexes&&) noexcept;
    SecondaryIndexes& operator=(SecondaryIndexes&&) noexcept;

    /// Forgets what a former broker had: readers go without from here on.
    /// REQUIRES: before any of that memory is given out.
    void begin_anew();

    /// Begins to build the index that the record defines, unless it is there.
    void define(const shm::VersionBlock& definition);
    void undefine(RecordId definition);

    /// Whether commits have to be told.
    [[nodiscard]] bool is_empty() const noexcept { return indexes_.empty(); }
    /// Whether one more may be defined.
    [[nodiscard]] bool has_room() const noexcept;

    /// A record has a new version, of that revision, which is not published yet.
    void changed(const shm::VersionBlock& now);

    /// Readers do not need a posting any more.
    void release(const Retired& posting);

    /// Goes on with what takes longer than a turn. `settled`: the newest revision. False: there was
    /// nothing to do.
    bool turn(std::uint64_t now_ns, Revision settled);
    [[nodiscard]] bool has_work() const noexcept;

private:
    struct Index;
    [[nodiscard]] Index* index_of(RecordId definition) const noexcept;
    [[nodiscard]] shm::IndexEntry* free_entry() const noexcept;
    void begin_building(Index& index);
    /// Records are given to it in the order of their names. False: there are no more.
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
