#include <algorithm>
#include <cassert>

#include "broker/engine/grid_impl.hpp"
#include "shm/base/crash_point.hpp"

/// How memory is reclaimed. shm/pin/pin.hpp describes the protocol with readers.
///
/// Two queues hold retired objects. `history_` holds replaced versions with the revisions that
/// replaced them. A version is free once the horizon and every pin are at or after that revision.
/// `structure_` holds unreachable objects: index nodes, old tables, versions of refused commits,
/// unlinked tombstones and their slots. Each is free once every set pin is at or after the revision
/// at which the object was unlinked.
///
/// The horizon is the revision before that of the oldest ring entry. Every version that a ring
/// entry leads to therefore stays readable, together with the version it replaced.
///
/// A deleted record is freed in three steps. Its tombstone waits in `history_` until all readers see
/// the record as absent. It then waits in `tombstones_due_` until there is memory to unlink it: the
/// index copies a leaf. Versions are freed meanwhile; in a full grid they provide that memory. A
/// commit that writes the name again takes the tombstone from there: it is a replaced version then.
/// The unlinked tombstone waits in `structure_` for readers that are still using it.
namespace ringside::broker {

using shm::Heap;

namespace {

/// Above this capacity, the list of pins is released after a pass.
constexpr std::size_t pins_kept_max = 4096;
/// Passes for one allocation in a full heap.
constexpr int passes_max = 16;

}  // namespace

Offset Grid::Impl::allocate(std::uint64_t bytes, Heap::Purpose purpose) {
    if (const Offset block = heap_.allocate(bytes, purpose)) return block;
    // Unlinking tombstones takes memory in one pass and frees more in the next one. A pass that
    // unlinks none ends this.
    for (int passes = 0; passes < passes_max; ++passes) {
        const std::size_t due = tombstones_due_.size();
        reclaim(Urgency::drop_history);
        if (const Offset block = heap_.allocate(bytes, purpose)) return block;
        if (tombstones_due_.empty() || (passes > 0 && tombstones_due_.size() >= due)) break;
    }
    // Revoke snapshots only if that can free enough memory.
    if (retired_heap_bytes() + heap_.bytes_in_quarantine() < bytes) return 0;
    reclaim(Urgency::revoke_pins);
    return heap_.allocate(bytes, purpose);
}

void Grid::Impl::retire_structure(Offset offset, std::uint64_t bytes) {
    structure_.push({offset, bytes, next_revision(), Retired::Kind::block});
}

/// Readers of older revisions need postings; only readers inside the index need the rest.
void Grid::Impl::retire_of_index(Retired retired) {
    if (retired.kind == Retired::Kind::posting) return history_.push(retired);
    retired.at = next_revision();
    structure_.push(retired);
}

Revision Grid::Impl::next_horizon() const noexcept {
    const bool has_published_entries = ring_.tail() < published_head_;
    return has_published_entries ? std::max(horizon_, ring_.tail_revision() - 1) : published_;
}

void Grid::Impl::trim_history(Urgency urgency) {
    const Position end = kept_from();
    if (urgency == Urgency::drop_history || urgency == Urgency::revoke_pins) {
        ring_.advance_tail(end);
        return;
    }
    if (options_.retain_entries != 0 && published_head_ - ring_.tail() > options_.retain_entries) {
        ring_.advance_tail(std::min(end, published_head_ - options_.retain_entries));
    }
    if (history_.bytes() <= options_.retain_bytes) return;
    const Revision until = history_.excess_until(options_.retain_bytes - options_.retain_bytes / 8);
    while (ring_.tail() < end && ring_.tail_revision() <= until) {
        ring_.advance_tail(ring_.tail() + 1);
    }
}

void Grid::Impl::reclaim(Urgency urgency) {
    trim_history(urgency);
    const Revision horizon = next_horizon();
    const bool nothing_to_free = !history_.has_due(horizon) && tombstones_due_.empty() &&
                                 structure_.is_empty() && quarantine_until_ == 0;
    if (nothing_to_free && urgency == Urgency::routine) return;
    horizon_ = horizon;
    // SYNC pin-publish: E2, pairs with R1 to R3 of shm/pin/pin.hpp.
    segment_.header().horizon.horizon.store(horizon, std::memory_order_seq_cst);
    reach(CrashPoint::reclaim_horizon_stored);
    host_.heavy_fence();
    pins_.clear();
    if (pins_.capacity() > pins_kept_max) pins_.shrink_to_fit();
    host_.collect_pins(pins_);
    Revision kept_back = history_.has_due(horizon) ? horizon : 0;
    if (!structure_.is_empty()) kept_back = std::max(kept_back, structure_.front().at);
    kept_back = std::max(kept_back, quarantine_until_);
    const Revision pinned = oldest_pin(kept_back, urgency);
    if (quarantine_until_ != 0 && pinned >= quarantine_until_) {
        heap_.end_quarantine();
        quarantine_until_ = 0;
    }
    drain(std::min(horizon, pinned), pinned);
}

Revision Grid::Impl::oldest_pin(Revision kept_back, Urgency urgency) {
    leases_.review(pins_, kept_back, published_, now_ns_);
    if (urgency == Urgency::revoke_pins || urgency == Urgency::revoke_only) {
        leases_.revoke_all(pins_, kept_back);
    }
    Revision oldest = no_limit;
    for (const HeldPin& pin : pins_) {
        // Memory protected by a revoked pin is reused last, only when memory is short.
        const bool may_be_revoked = pin.owner != HeldPin::Owner::store;
        if (urgency != Urgency::routine && may_be_revoked && leases_.is_revoked(pin)) continue;
        oldest = std::min(oldest, pin.revision);
    }
    return oldest;
}

void Grid::Impl::drain(Revision history_limit, Revision structure_limit) {
    while (structure_.has_due(structure_limit)) {
        const Retired retired = structure_.front();
        structure_.pop();
        release(retired);
    }
    while (history_.has_due(history_limit)) {
        const Retired retired = history_.front();
        history_.pop();
        if (retired.kind != Retired::Kind::tombstone) release(retired);
        else if (!is_written_again(retired)) add_due(retired);
    }
    while (!tombstones_due_.empty()) {
        const Retired tombstone = tombstones_due_.begin()->second;
        if (!is_written_again(tombstone) && !unlink(tombstone)) return;
        remove_due(tombstone.offset);
    }
}

void Grid::Impl::add_due(const Retired& tombstone) {
    if (tombstones_due_.emplace(tombstone.offset, tombstone).second) due_bytes_ += tombstone.bytes;
}

void Grid::Impl::remove_due(Offset offset) noexcept {
    const auto due = tombstones_due_.find(offset);
    if (due == tombstones_due_.end()) return;
    due_bytes_ -= due->second.bytes;
    tombstones_due_.erase(due);
}

/// Returns the version that the record has if the commit in progress is refused; 0 if none.
Offset Grid::Impl::settled_version(RecordId id) const noexcept {
    Offset version = segment_.slot(id).newest.load(std::memory_order_relaxed);
    while (version != 0 && version_at(version)->revision > assigned_) {
        version = version_at(version)->previous();
    }
    return version;
}

/// Returns whether the name of a tombstone has been written again: then it is only a replaced
/// version, unless the commit that wrote the name is refused.
bool Grid::Impl::is_written_again(const Retired& tombstone) {
    const RecordId id = version_at(tombstone.offset)->record_id();
    if (segment_.slot(id).newest.load(std::memory_order_relaxed) == tombstone.offset) return false;
    if (settled_version(id) == tombstone.offset) covered_.push_back(tombstone);
    return true;
}

/// Returns false if the index has no memory for it.
bool Grid::Impl::unlink(const Retired& tombstone) {
    const shm::VersionBlock& block = *version_at(tombstone.offset);
    const RecordId id = block.record_id();
    if (!index_.erase(id)) return false;
    reach(CrashPoint::reclaim_index_unlinked);
    table_.erase(table_.hash(block.name()), tombstone.offset);
    reach(CrashPoint::reclaim_table_unlinked);
    --tombstones_;
    // The slot leads to the tombstone until both are released: a reader in a replaced leaf of the
    // index still finds the record's name there.
    structure_.push({static_cast<Offset>(id), 0, next_revision(), Retired::Kind::slot});
    structure_.push({tombstone.offset, tombstone.bytes, next_revision(), Retired::Kind::block});
    return true;
}

void Grid::Impl::release(const Retired& retired) {
    if (retired.kind == Retired::Kind::slot) {
        const RecordId id{static_cast<std::uint32_t>(retired.offset)};
        // SYNC slot-version: pairs with SlotsReader::newest_of; publishes nothing.
        segment_.slot(id).newest.store(0, std::memory_order_release);
        reach(CrashPoint::reclaim_slot_freed);
        slots_.give_back(id);
    } else if (retired.kind == Retired::Kind::posting) {
        secondary_.release(retired);
    } else {
        heap_.free(retired.offset, retired.bytes);
    }
}

void Grid::Impl::reclaim() {
    reclaim(Urgency::routine);
    if (!has_too_many_retired()) return;
    // A pin can hold any number of replaced blocks, while the ring bounds its own history.
    ++bookkeeping_excesses_;
    reclaim(Urgency::revoke_only);
    if (has_too_many_retired()) reclaim(Urgency::drop_history);
}

void Grid::Impl::compact() {
    make_visible();
    // Two passes: unlinking tombstones in the first one retires nodes and slots for the second.
    reclaim(Urgency::drop_history);
    reclaim(Urgency::drop_history);
}

}  // namespace ringside::broker
