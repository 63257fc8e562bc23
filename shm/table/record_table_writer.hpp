#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "shm/heap/heap.hpp"
#include "shm/table/record_table.hpp"

namespace ringside::shm {

/// The engine's side of the record table. Thread safety: one writer, any number of readers.
class RecordTableWriter {
public:
    /// Takes a replaced table: its memory may be reused once no reader can be inside it.
    using Retire = std::function<void(Offset, std::uint64_t bytes)>;

    /// Has no table yet: `begin` or `adopt` gives it one.
    RecordTableWriter(const SegmentView& segment, Heap& heap, Retire retire);

    /// Publishes an empty table. REQUIRES: the heap has room for it.
    void begin();

    /// Goes on with the table that the segment has. `high_halves`: of each entry's hash; `live` and
    /// `used` entries are in it.
    void adopt(std::vector<std::uint32_t> high_halves, std::uint64_t live, std::uint64_t used);

    /// For `adopt`: sets right what a place leads to. Zero: the record is deleted.
    void mend(std::uint64_t place, Offset block) noexcept;

    [[nodiscard]] std::uint64_t hash(std::string_view name) const noexcept {
        return hash_name(name, seed_);
    }

    /// The newest version block of a record, or null.
    [[nodiscard]] VersionBlock* find(std::string_view name, std::uint64_t hash) const noexcept;

    /// Makes sure that one more record can be inserted; false: no memory for a larger table.
    [[nodiscard]] bool make_room();

    /// REQUIRES: the name is not there; `make_room` said true.
    void insert(std::uint64_t hash, Offset block) noexcept;

    /// Lets the entry that leads to `from` lead to `to`, of the same name.
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
