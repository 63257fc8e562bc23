#include <algorithm>

#include "broker/engine/grid_impl.hpp"
#include "shm/base/crash_point.hpp"
#include "shm/name/system_name.hpp"
#include "shm/version/visibility.hpp"

/// How a grid recovers after its broker died at any instruction. The survey has verified the whole
/// segment; the take-over acts on its result in this order:
///   0  secondary indexes are marked as absent for readers; they are rebuilt afterwards
///   1  heap, slots, table and ring adopt the memory in use. Unreachable memory goes into
///      quarantine: readers that reached it before the crash may still read it
///   2  slots and table are set to published versions only; records without a published version
///      become tombstones. These tombstones are removed from index and table. So are the deleted
///      records that the dead broker had begun to remove there
///   3  all other deleted records return to `history_`, which the reclaimer frees later. So do the
///      replaced versions that readers of older revisions need
///   4  the next revision is published, without a change. A reader that pins this or a later
///      revision begins after step 3, and cannot reach memory in quarantine. The quarantine ends
///      when all pins are at this revision or later
/// Apart from the missing secondary indexes, readers see no difference while this happens. A reader
/// that meets a version above `published` follows its link to the version that it replaced; after
/// step 2, slots and table lead there directly.
/// After a crash in any of these steps, the segment is again in a state that the survey accepts:
/// the next broker starts over.
namespace ringside::broker {

using shm::VersionBlock;

Result<void> Grid::Impl::take_over(Survey&& survey) {
    secondary_.rebuild();
    heap_.adopt(survey.blocks);
    reach(CrashPoint::take_over_heap_adopted);
    ring_.adopt(survey.tail, survey.head, survey.appended);
    assigned_ = published_ = survey.published;
    horizon_ = survey.horizon;
    published_head_ = survey.head;
    adopt_records(survey);
    reach(CrashPoint::take_over_records_adopted);
    if (!take_out_unpublished(survey)) {
        return Error(Errc::grid_full, "no memory to remove unfinished records from the index");
    }
    reach(CrashPoint::take_over_unpublished_out);
    adopt_replaced(survey);
    reach(CrashPoint::take_over_replaced_adopted);
    adopt_counters();
    ++assigned_;
    published_ = assigned_;
    quarantine_until_ = published_;
    ring_.publish(published_);
    reach(CrashPoint::take_over_published);
    subjects_ = shm::every_subject;
    define_indexes();
    return {};
}

void Grid::Impl::adopt_records(Survey& survey) {
    std::vector<RecordId> free;
    std::uint64_t in_table = 0;
    for (std::uint32_t id = static_cast<std::uint32_t>(survey.records.size()); id-- > 0;) {
        const Survey::Record& record = survey.records[id];
        if (record.newest == 0) free.push_back(RecordId{id});
        if (record.is_in_table()) ++in_table;
    }
    slots_.adopt(static_cast<std::uint32_t>(survey.records.size()), std::move(free));
    table_.adopt(std::move(survey.high_halves), in_table, survey.table_used);
    for (std::uint32_t id = 0; id < survey.records.size(); ++id) {
        const Survey::Record& record = survey.records[id];
        shm::Word& newest = segment_.slot(RecordId{id}).newest;
        if (newest.load(std::memory_order_relaxed) != record.newest) {
            // SYNC slot-version: pairs with SlotsReader::newest_of; the block is complete.
            newest.store(record.newest, std::memory_order_release);
        }
        if (record.newest == 0) continue;
        if (record.is_in_table()) table_.mend(record.place, record.newest);
        const VersionBlock& block = *version_at(record.newest);
        if (record.is_stillborn || record.is_tombstone) continue;
        count_record(block.name(), 1);
        if (block.has_expiry()) expiries_.add(block.expires_ms(), block.record_id());
    }
}

/// Removes records that were never published, and deleted records whose removal had started.
bool Grid::Impl::take_out_unpublished(const Survey& survey) {
    for (std::uint32_t id = 0; id < survey.records.size(); ++id) {
        const Survey::Record& record = survey.records[id];
        const bool goes = record.is_stillborn || (record.is_tombstone && !record.can_be_found());
        if (record.newest == 0 || !goes) continue;
        VersionBlock& block = *version_at(record.newest);
        // Marks the block as a tombstone. Its slot leads to it until older pins are gone: readers
        // in a replaced leaf of the index need its name. Meanwhile, step 4 or a later commit
        // publishes the block's revision. If this broker then died, the next survey would take an
        // unmarked block for a published record that is missing from table and index.
        // SYNC unpaired: no acquire of `link` pairs with this release. Readers load `link` relaxed;
        // their acquire of `published` makes the mark visible.
        block.link.store(block.link_word() | shm::version_flag::tombstone,
                         std::memory_order_release);
        if (record.is_in_index && !index_.erase(RecordId{id})) return false;
        if (record.is_in_table()) table_.erase(table_.hash(block.name()), record.newest);
        structure_.push({static_cast<Offset>(id), 0, next_revision(), Retired::Kind::slot});
        structure_.push(
            {record.newest, block.block_bytes(), next_revision(), Retired::Kind::block});
    }
    return true;
}

void Grid::Impl::adopt_replaced(Survey& survey) {
    std::vector<Retired> retired;
    retired.reserve(survey.replaced.size());
    for (const Survey::Replaced& block : survey.replaced) {
        retired.push_back({block.offset, block.bytes, block.at, Retired::Kind::block});
    }
    for (const Survey::Record& record : survey.records) {
        const bool waits = record.is_tombstone && !record.is_stillborn && record.can_be_found();
        if (record.newest == 0 || !waits) continue;
        ++tombstones_;
        const VersionBlock& block = *version_at(record.newest);
        retired.push_back(
            {record.newest, block.block_bytes(), block.revision, Retired::Kind::tombstone});
    }
    std::stable_sort(retired.begin(), retired.end(),
                     [](const Retired& a, const Retired& b) { return a.at < b.at; });
    for (const Retired& block : retired) history_.push(block);
}

void Grid::Impl::define_indexes() {
    shm::NameIndexCursor cursor(segment_);
    cursor.seek(system_name::index_prefix);
    for (auto ids = cursor.next(); !ids.empty(); ids = cursor.next()) {
        for (const std::uint32_t id : ids) {
            const VersionBlock* record = shm::newest_of(segment_, RecordId{id});
            if (!record->name().starts_with(system_name::index_prefix)) return;
            if (!record->is_tombstone()) secondary_.define(*record);
        }
    }
}

void Grid::Impl::adopt_counters() noexcept {
    const shm::Counters& counters = segment_.header().counters;
    commits_ = counters.commits.load(std::memory_order_relaxed);
    events_ = counters.events.load(std::memory_order_relaxed);
    pins_revoked_ = counters.pins_revoked.load(std::memory_order_relaxed);
}

}  // namespace ringside::broker
