#include "broker/engine/grid_impl.hpp"
#include "shm/base/crash_point.hpp"
#include "shm/name/system_name.hpp"

/// How a commit ends: settled or rolled back. See commit.cpp.
namespace ringside::broker {

using shm::VersionBlock;

namespace {

/// Above this capacity, the list of a commit is released after it.
constexpr std::size_t links_kept_max = 4096;

}  // namespace

void Grid::Impl::settle() noexcept {
    const Revision revision = next_revision();
    for (const Link& made : links_) {
        const VersionBlock& now = *version_at(made.to);
        if (made.is_event) {
            ++events_;
            history_.push({made.to, now.block_bytes(), revision, Retired::Kind::block});
            continue;
        }
        const bool was_there = made.from != 0 && !version_at(made.from)->is_tombstone();
        if (was_there == now.is_tombstone() && observe_) observe_(now.name(), !was_there);
        if (made.from != 0) {
            const VersionBlock& before = *version_at(made.from);
            if (before.is_tombstone()) {
                --tombstones_;
                remove_due(made.from);
            } else {
                count_record(now.name(), -1);
            }
            if (before.has_expiry()) expiries_.remove(before.expires_ms(), before.record_id());
            history_.push({made.from, before.block_bytes(), revision, Retired::Kind::block});
        }
        if (made.path != 0) {
            const auto bytes =
                sizeof(shm::PathBlock) + segment_.at<shm::PathBlock>(made.path)->size;
            history_.push({made.path, bytes, revision, Retired::Kind::block});
        }
        if (now.is_tombstone()) {
            ++tombstones_;
            history_.push({made.to, now.block_bytes(), revision, Retired::Kind::tombstone});
        } else {
            count_record(now.name(), 1);
            if (now.has_expiry()) expiries_.add(now.expires_ms(), now.record_id());
        }
    }
    for (const Link& made : links_) {
        if (!made.is_event) settled_.push_back(made.to);
    }
    links_.clear();
    if (links_.capacity() > links_kept_max) links_.shrink_to_fit();
    covered_.clear();
    for (const RecordPages::Block& page : pages_.dropped()) {
        history_.push({page.offset, page.bytes, revision, Retired::Kind::block});
    }
    pages_.forget();
    assigned_ = revision;
    ++commits_;
    reach(CrashPoint::commit_settled);
    index_settled();
}

/// Runs before the commit is visible, and after the last point at which it can be refused.
void Grid::Impl::index_settled() {
    for (const Offset offset : settled_) {
        const VersionBlock& now = *version_at(offset);
        if (now.name().starts_with(system_name::index_prefix)) {
            if (now.is_tombstone()) secondary_.undefine(now.record_id());
            else secondary_.define(now);
        }
        if (!secondary_.is_empty()) secondary_.changed(now);
    }
    settled_.clear();
    if (settled_.capacity() > links_kept_max) settled_.shrink_to_fit();
}

void Grid::Impl::roll_back(Position ring_head) {
    ring_.rewind(ring_head);
    reach(CrashPoint::commit_rolled_back_entries);
    for (auto made = links_.rbegin(); made != links_.rend(); ++made) {
        VersionBlock& block = *version_at(made->to);
        if (made->is_event) {
            heap_.free(made->to, block.block_bytes());  // like a path
            continue;
        }
        if (made->path != 0) {
            // Only ring entries led to the path, and they were removed before any reader could see
            // them.
            heap_.free(made->path,
                       sizeof(shm::PathBlock) + segment_.at<shm::PathBlock>(made->path)->size);
        }
        if (made->from != 0) {
            // SYNC slot-version: pairs with SlotsReader::newest_of; the block is complete.
            segment_.slot(block.record_id()).newest.store(made->from, std::memory_order_release);
            table_.replace(made->hash, made->to, made->from);
            retire_structure(made->to, block.block_bytes());
            continue;
        }
        // A new record stays as a tombstone until the reclaimer removes it, which may need memory.
        // SYNC unpaired: readers load `link` relaxed, after the acquire of `published`.
        block.link.store(block.link_word() | shm::version_flag::tombstone,
                         std::memory_order_release);
        ++tombstones_;
        history_.push({made->to, block.block_bytes(), block.revision, Retired::Kind::tombstone});
    }
    links_.clear();
    for (Retired tombstone : covered_) {
        tombstone.at = next_revision();
        history_.push(tombstone);
    }
    covered_.clear();
    for (const RecordPages::Block& page : pages_.written()) {
        retire_structure(page.offset, page.bytes);
    }
    pages_.forget();
    reach(CrashPoint::commit_rolled_back);
}

}  // namespace ringside::broker
