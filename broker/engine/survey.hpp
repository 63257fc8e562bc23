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

/// A look at everything in a segment whose broker is not there any more: what is published, what
/// its broker was in the midst of, which memory is in use, and whether all of it fits together. It
/// changes nothing; a take-over acts upon it, `ringside verify` tells of it.
///
/// Nothing in the segment is taken for granted: every offset is checked before it is followed, and
/// every walk is bounded. What a broker can leave behind wherever it is killed passes:
///   ring     entries after the last published revision (the head is where they begin)
///   records  newest versions above the published revision (the ones before them count), records
///            that never had a published version (`stillborn`), table entries that lag behind the
///            slot by one step, deleted records of which table or index know nothing any more
///   heap     blocks that nothing leads to
/// Thread safety: none.
class Survey {
public:
    explicit Survey(const shm::SegmentView& segment);

    /// Walks. Error: bad_segment, with the first thing that cannot be.
    Result<void> run();

    /// What one place in the slot region leads to.
    struct Record {
        Offset newest = 0;  ///< version that readers may see; of a stillborn record its last one
        std::uint32_t place = no_place;  ///< in the record table
        bool is_stillborn = false;       ///< never published: it is to be taken out
        bool is_tombstone = false;
        bool is_in_index = false;
        static constexpr std::uint32_t no_place = ~0U;
        [[nodiscard]] bool is_in_table() const noexcept { return place != no_place; }
        /// Deleted records that are not were on their way out.
        [[nodiscard]] bool can_be_found() const noexcept { return is_in_table() && is_in_index; }
    };
    /// A block that a reader of an older revision may still need.
    struct Replaced {
        Offset offset = 0;
        std::uint64_t bytes = 0;
        Revision at = 0;  ///< readers at this revision or later do not need it
    };

    Revision published = 0;
    Revision horizon = 0;
    Position tail = 0;
    Position head = 0;            ///< after the last published entry
    Position appended = 0;        ///< after the last entry that was begun
    std::vector<Record> records;  ///< by RecordId; newest == 0: a free slot
    std::vector<Replaced> replaced;
    shm::TableRoot table;
    std::uint64_t table_used = 0;
    std::vector<std::uint32_t> high_halves;  ///< of each table entry's hash
    shm::BlockMap blocks;

    // Counts.
    std::uint64_t live = 0;
    std::uint64_t tombstones = 0;
    std::uint64_t versions = 0;  ///< blocks of live records, deleted ones and replaced ones
    std::uint64_t nodes = 0;     ///< of the index
    std::uint64_t pages = 0;     ///< of large documents, without their root pages
    std::uint64_t unpublished = 0;
    std::uint64_t bytes_reachable = 0;  ///< as rounded by the heap
    std::uint64_t blocks_reachable = 0;

private:
    /// What is wrong with the segment.
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
    /// Checks that a block of this size can lie there, and marks it.
    Result<void> claim(Offset block, std::uint64_t bytes, const char* what);
    [[nodiscard]] bool can_be_version(Offset block) const noexcept;
    [[nodiscard]] bool is_in_heap(Offset block, std::uint64_t bytes) const noexcept;

    shm::SegmentView segment_;
    shm::ChangeRingReader ring_;
    std::unordered_set<Offset> pages_met_;  ///< of one record, whose versions share them
    std::string least_name_;                ///< that may come next in the index: the last separator
};

}  // namespace ringside::broker
