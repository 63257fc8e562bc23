#pragma once

#include <optional>
#include <unordered_map>

#include "broker/engine/expiry_queue.hpp"
#include "broker/engine/grid.hpp"
#include "broker/engine/lease.hpp"
#include "broker/engine/record_pages.hpp"
#include "broker/engine/retirement.hpp"
#include "broker/engine/secondary_indexes.hpp"
#include "broker/engine/slot_allocator.hpp"
#include "broker/engine/survey.hpp"
#include "shm/document/builder.hpp"
#include "shm/heap/heap.hpp"
#include "shm/index/name_index.hpp"
#include "shm/name/name.hpp"
#include "shm/ring/change_ring.hpp"
#include "shm/table/record_table_writer.hpp"

namespace ringside::broker {

/// The implementation of Grid:
///   commit.cpp     changes records
///   settle.cpp     completes a commit, or rolls it back
///   restore.cpp    restores records from a store
///   reclaim.cpp    reclaims memory
///   take_over.cpp  recovers the segment of a dead broker
///
/// Invariants:
///  1. `assigned_` >= published; versions of a commit in progress carry `assigned_ + 1`.
///  2. Each reachable structure changes by one store, after all that it leads to is complete.
///  3. A refused commit leaves no version that can become visible: its versions are unlinked, and
///     new records that could not be removed are tombstones.
class Grid::Impl {
public:
    Impl(const shm::SegmentView& segment, GridHost host, GridOptions options);

    boost::system::result<Revision, Refusal> commit(std::span<const Command> commands,
                                                    const Origin& origin,
                                                    std::vector<Version>& versions);
    void expire_due(std::size_t limit);
    Result<void> restore(const StoredRecord& record);
    void finish_restore(Revision revision) noexcept;
    Result<void> take_over(Survey&& survey);
    [[nodiscard]] std::uint64_t bytes_in_quarantine() const noexcept {
        return heap_.bytes_in_quarantine();
    }
    std::uint32_t publish() noexcept;
    void reclaim();
    void compact();
    void store_counters() noexcept;

    [[nodiscard]] bool has(std::string_view name) const {
        const shm::VersionBlock* newest = table_.find(name, table_.hash(name));
        return newest != nullptr && !newest->is_tombstone();
    }
    void on_existence(std::function<void(std::string_view, bool)> observe) {
        observe_ = std::move(observe);
    }
    [[nodiscard]] bool has_room_for_index() const noexcept { return secondary_.has_room(); }
    bool turn_indexes() { return secondary_.turn(now_ns_, assigned_); }
    [[nodiscard]] bool has_index_work() const noexcept { return secondary_.has_work(); }
    [[nodiscard]] std::uint64_t next_expiry_ms() const noexcept { return expiries_.next_ms(); }
    [[nodiscard]] Revision published() const noexcept { return published_; }
    [[nodiscard]] std::uint64_t commits() const noexcept { return commits_; }
    [[nodiscard]] std::uint64_t changes_max() const noexcept {
        return ring_.capacity() / limits::ring_share_per_transaction;
    }
    [[nodiscard]] std::uint64_t patch_steps() const noexcept {
        return patch_steps_granted_ - budget_.left() + division_steps_max - division_.left();
    }
    [[nodiscard]] bool must_wait_for_store() const noexcept {
        return host_.kept_from != nullptr &&
               ring_.head() + changes_max() > kept_from() + ring_.capacity();
    }
    [[nodiscard]] bool store_holds_memory() const noexcept { return kept_from() < published_head_; }
    void begin_turn(std::uint64_t now_ns) noexcept { now_ns_ = now_ns; }

private:
    static constexpr std::uint64_t division_steps_max = 1ULL << 62;

    /// A version linked by the commit in progress. Needed for the rollback.
    struct Link {
        std::uint64_t hash = 0;
        Offset from = 0;  ///< the replaced version; 0 = the record is new
        Offset to = 0;
        Offset path = 0;
        bool is_event = false;  ///< `to` is not a version of a record; only ring entries lead to it
    };

    /// The new state of a record, as evaluated from a command.
    struct NewVersion {
        shm::ChangeKind kind = shm::ChangeKind::put;
        ByteView document;
        std::uint64_t expires_ms = 0;
        std::string_view path;
        bool has_pages = false;
        bool is_patched = false;  ///< shares pages with the previous version, or dropped them
    };

    /// What may be discarded to free memory. `revoke_only`: pins, but not the ring's history.
    enum class Urgency { routine, revoke_only, drop_history, revoke_pins };

    // commit.cpp
    Result<Version> apply(const Command& command, const Origin& origin);
    Result<NewVersion> evaluate(const Command& command, const shm::VersionBlock* live);
    Result<void> patch(const Command& command, const shm::VersionBlock* live, NewVersion& made);
    Result<void> take_document(ByteView document, NewVersion& made);
    Result<Version> link(std::string_view name, std::uint64_t hash, const NewVersion& made,
                         const Origin& origin);
    Result<void> link_new_record(std::uint64_t hash, Offset block);
    Result<Version> tell(const Command& command, const Origin& origin);
    void announce(const shm::VersionBlock& block, const NewVersion& made, Offset path,
                  const Origin& origin);
    Offset build_block(std::string_view name, std::uint64_t hash, const NewVersion& made);
    void make_ring_room(std::uint64_t changes);
    void make_visible() noexcept;

    // settle.cpp
    void settle() noexcept;
    void index_settled();
    void roll_back(Position ring_head);

    // take_over.cpp
    void adopt_records(Survey& survey);
    [[nodiscard]] bool take_out_unpublished(const Survey& survey);
    void adopt_replaced(Survey& survey);
    void adopt_counters() noexcept;
    void define_indexes();

    /// Counts user records only. Reserved names belong to the grid itself.
    void count_record(std::string_view name, int change) noexcept {
        if (!is_reserved(name)) live_records_ += static_cast<std::uint64_t>(change);
    }

    // reclaim.cpp
    Offset allocate(std::uint64_t bytes, shm::Heap::Purpose purpose);
    void reclaim(Urgency urgency);
    void trim_history(Urgency urgency);
    /// Bytes of the lists of replaced blocks, which a reclaim can shorten.
    [[nodiscard]] std::uint64_t retired_bytes() const noexcept {
        return retired_blocks() * sizeof(Retired);
    }
    [[nodiscard]] std::size_t retired_blocks() const noexcept {
        return history_.size() + tombstones_due_.size() + structure_.size();
    }
    /// Bytes of the heap that replaced blocks occupy.
    [[nodiscard]] std::uint64_t retired_heap_bytes() const noexcept {
        return history_.bytes() + due_bytes_ + structure_.bytes();
    }
    [[nodiscard]] std::uint64_t bookkeeping_bytes() const noexcept {
        return retired_bytes() + expiries_.bytes();
    }
    /// Returns whether the lists exceed what expiry times leave for them: at least a half, even if
    /// a store or a former broker had more expiry times.
    [[nodiscard]] bool has_too_many_retired() const noexcept {
        const std::uint64_t most = options_.bookkeeping_bytes;
        return retired_bytes() > most - std::min(expiries_.bytes(), most / 2);
    }
    [[nodiscard]] Revision next_horizon() const noexcept;
    [[nodiscard]] Revision oldest_pin(Revision kept_back, Urgency urgency);
    void drain(Revision history_limit, Revision structure_limit);
    [[nodiscard]] Offset settled_version(RecordId id) const noexcept;
    [[nodiscard]] bool is_written_again(const Retired& tombstone);
    [[nodiscard]] bool unlink(const Retired& tombstone);
    void add_due(const Retired& tombstone);
    void remove_due(Offset offset) noexcept;
    void release(const Retired& retired);
    void retire_structure(Offset offset, std::uint64_t bytes);
    void retire_of_index(Retired retired);

    [[nodiscard]] shm::VersionBlock* version_at(Offset offset) const noexcept {
        return segment_.version_at(offset);
    }
    /// The position at which the ring's tail must stop; at most the published head.
    [[nodiscard]] Position kept_from() const noexcept {
        if (host_.kept_from == nullptr) return published_head_;
        // SYNC store-position: pairs with Recorder::record_batch: the store has read the versions
        // that the entries before this position lead to.
        return std::min(host_.kept_from->load(std::memory_order_acquire), published_head_);
    }
    [[nodiscard]] Revision next_revision() const noexcept { return assigned_ + 1; }
    [[nodiscard]] std::uint64_t now_ms() const noexcept { return now_ns_ / 1'000'000; }

    shm::SegmentView segment_;
    GridHost host_;
    GridOptions options_;
    shm::Heap heap_;
    shm::RecordTableWriter table_;
    shm::NameIndexWriter index_;
    shm::ChangeRingWriter ring_;
    SlotAllocator slots_;
    SecondaryIndexes secondary_;
    ExpiryQueue expiries_;
    RetirementQueue history_;  ///< needed by readers of older revisions
    /// To be unlinked, which needs memory; keyed by offset.
    std::unordered_map<Offset, Retired> tombstones_due_;
    std::uint64_t due_bytes_ = 0;  ///< of the tombstones in `tombstones_due_`
    RetirementQueue structure_;    ///< needed by readers that are traversing it
    LeaseRegistry leases_;
    RecordPages pages_;  ///< of the commit in progress
    Paging paging_;
    PatchBudget budget_;  ///< of the commit in progress
    /// Counts the steps in which the commit in progress divides documents into pages. Not a limit:
    /// the sizes of the documents bound this work.
    PatchBudget division_{division_steps_max};
    std::uint64_t patch_steps_granted_ = 0;
    DocumentBuilder patched_;       ///< buffer in which a patch builds its document
    std::vector<Link> links_;       ///< of the commit in progress
    std::vector<Retired> covered_;  ///< tombstones that became due while the commit covered them
    std::vector<Offset> settled_;   ///< versions of the last commit, for secondary indexes
    std::vector<HeldPin> pins_;
    std::function<void(std::string_view, bool)> observe_;

    std::uint64_t now_ns_ = 0;
    Revision assigned_ = 0;
    Revision published_ = 0;
    Position published_head_ = 0;
    Revision horizon_ = 0;
    Revision quarantine_until_ = 0;  ///< pins from this revision on do not need the quarantined
                                     ///< memory
    std::uint32_t subjects_ = 0;     ///< subjects of the changes since the last `publish`
    std::uint64_t live_records_ = 0;
    std::uint64_t tombstones_ = 0;
    std::uint64_t commits_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t pins_revoked_ = 0;
    std::uint64_t bookkeeping_excesses_ = 0;  ///< reclaims because of the limit on private memory
    std::uint64_t expiries_refused_ = 0;
};

}  // namespace ringside::broker
