#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "shm/heap/heap.hpp"
#include "shm/table/record_table.hpp"

namespace ringside::shm {

/// Engine's side of the record table. Thread safety: one writer, any number of readers.
class RecordTableWriter {
public:
    /// Takes a replaced table, whose memory may be reused when no reader can be inside it.
    using Retire = std::function<void(Offset, std::uint64_t bytes)>;

    /// Creates a writer without a table: `begin` or `adopt` provides it.
    RecordTableWriter(const SegmentView& segment, Heap& heap, Retire retire);

    /// Publishes an empty table. REQUIRES: the heap has room for it.
    void begin();

    /// Continues with the table in the segment, which has `live` and `used` entries. `high_halves`:
    /// high half of each entry's hash.
    void adopt(std::vector<std::uint32_t> high_halves, std::uint64_t live, std::uint64_t used);

    /// For `adopt`: corrects the target of an entry. Zero: the record is deleted.
    void mend(std::uint64_t place, Offset block) noexcept;

    [[nodiscard]] std::uint64_t hash(std::string_view name) const noexcept {
        return hash_name(name, seed_);
    }

    /// Returns the newest version block of a record, or null.
    [[nodiscard]] VersionBlock* find(std::string_view name, std::uint64_t hash) const noexcept;

    /// Ensures that one more record can be inserted; returns false if there is no memory for a
    /// larger table.
    [[nodiscard]] bool make_room();

    /// REQUIRES: the name has no entry, and `make_room` returned true.
    void insert(std::uint64_t hash, Offset block) noexcept;

    /// Changes the entry that leads to `from` to lead to `to`, a block of the same name.
    void replace(std::uint64_t hash, Offset from, Offset to) noexcept;

    /// REQUIRES: an entry leads to `block`.
    void erase(std::uint64_t hash, Offset block) noexcept;

    void prefetch(std::uint64_t hash) const noexcept {
        __builtin_prefetch(&entries_[root_.home(hash)]);
    }

    [[nodiscard]] std::uint64_t capacity() const noexcept { return root_.entries(); }
    [[nodiscard]] std::uint64_t live() const noexcept { return live_; }
    [[nodiscard]] std::uint64_t used() const noexcept { return used_; }

private:
    [[nodiscard]] std::uint64_t place_of(std::uint64_t hash, Offset block) const noexcept;
    [[nodiscard]] bool rebuild(unsigned log2_entries);

    SegmentView segment_;
    Heap* heap_;
    Retire retire_;
    std::uint64_t seed_;
    TableRoot root_;
    Word* entries_ = nullptr;
    std::uint64_t live_ = 0;
    std::uint64_t used_ = 0;  ///< live and deleted entries
    /// High half of each entry's hash, so that a rebuild needs no cache miss per record.
    std::vector<std::uint32_t> high_halves_;
};

}  // namespace ringside::shm
