#pragma once

#include <fmt/format.h>

#include <string>
#include <unordered_set>
#include <vector>

#include "shm/base/errc.hpp"
#include "shm/document/value.hpp"
#include "shm/heap/block_map.hpp"
#include "shm/index/node.hpp"
#include "shm/ring/change_ring.hpp"
#include "shm/segment/segment.hpp"
#include "shm/table/record_table.hpp"

namespace ringside::broker {

/// Checks everything in the segment of a dead broker: the published state, the interrupted
/// operation, the memory in use, and the consistency of all parts. The check changes nothing. A
/// take-over acts on its result; `ringside verify` reports it.
///
/// The check trusts nothing in the segment: every offset is verified before use, and every walk is
/// bounded. It accepts any state that a broker killed at any instruction can leave:
///   ring     entries after the last published revision (the head is set to the first of them)
///   records  newest versions above the published revision (the ones before them count), records
///            that never had a published version (`stillborn`), table entries that lag behind the
///            slot by one step, deleted records that are missing from the table or the index
///   heap     unreachable blocks
/// Thread safety: none.
class Survey {
public:
    explicit Survey(const shm::SegmentView& segment);

    /// Runs the check. Error: bad_segment, with the first inconsistency.
    Result<void> run();

    /// The record that one entry of the slot region leads to.
    struct Record {
        Offset newest = 0;  ///< newest version visible to readers; for a stillborn record, its last
                            ///< one
        std::uint32_t place = no_place;  ///< in the record table
        bool is_stillborn = false;       ///< never published; must be removed
        bool is_tombstone = false;
        bool is_in_index = false;
        static constexpr std::uint32_t no_place = ~0U;
        [[nodiscard]] bool is_in_table() const noexcept { return place != no_place; }
        /// Deleted records that cannot be found were being removed.
        [[nodiscard]] bool can_be_found() const noexcept { return is_in_table() && is_in_index; }
    };
    /// A block that a reader of an older revision might still need.
    struct Replaced {
        Offset offset = 0;
        std::uint64_t bytes = 0;
        Revision at = 0;  ///< readers at this revision or later do not need it
    };

    Revision published = 0;
    Revision horizon = 0;
    Position tail = 0;
    Position head = 0;            ///< after the last published entry
    Position appended = 0;        ///< after the last complete entry
    std::vector<Record> records;  ///< by RecordId; newest == 0: a free slot
    std::vector<Replaced> replaced;
    shm::TableRoot table;
    std::uint64_t table_used = 0;
    std::vector<std::uint32_t> high_halves;  ///< of each table entry's hash
    shm::BlockMap blocks;

    // Counts.
    std::uint64_t live = 0;
    std::uint64_t tombstones = 0;
    std::uint64_t versions = 0;  ///< blocks of live, deleted and replaced records
    std::uint64_t nodes = 0;     ///< of the index
    std::uint64_t pages = 0;     ///< of large documents, without their root pages
    std::uint64_t unpublished = 0;
    std::uint64_t bytes_reachable = 0;  ///< rounded up as by the heap
    std::uint64_t blocks_reachable = 0;

private:
    /// Describes an inconsistency of the segment.
    template <class... Arguments>
    static Error wrong(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
        return {Errc::bad_segment, fmt::format(format, std::forward<Arguments>(arguments)...)};
    }

    Result<void> walk_ring();
    Result<void> walk_slots();
    Result<void> walk_versions(std::uint32_t id);
    Result<void> walk_pages(const shm::VersionBlock& version, Revision replaced_at);
    Result<void> walk_page(const PageRef& ref, Revision replaced_at);
    Result<void> compare_parts(const Value& page, const std::vector<PageRef>& parts) const;
    Result<void> walk_table();
    [[nodiscard]] Result<void> check_probes() const;
    Result<void> walk_index();
    Result<void> walk_node(Offset node, std::uint32_t level_above, std::string& last_name);
    Result<void> walk_children(Offset node, const shm::index::NodeHeader& header,
                               std::string& last_name);
    Result<void> compare();
    /// Checks that a block of this size can lie at this offset, and marks it as used.
    Result<void> claim(Offset block, std::uint64_t bytes, const char* what);
    [[nodiscard]] bool can_be_version(Offset block) const noexcept;
    [[nodiscard]] bool is_in_heap(Offset block, std::uint64_t bytes) const noexcept;

    shm::SegmentView segment_;
    shm::ChangeRingReader ring_;
    std::unordered_set<Offset> pages_met_;  ///< of one record, whose versions share pages
    std::string least_name_;                ///< lower bound of the next name in the index: the last
                                            ///< separator
};

}  // namespace ringside::broker
