#include "broker/engine/grid_impl.hpp"

/// Restores the records of a store into a new segment, before it is readable.
namespace ringside::broker {

using shm::VersionBlock;

namespace {

constexpr std::uint64_t restore_waste_max = 1U << 20;

}  // namespace

Result<void> Grid::Impl::restore(const StoredRecord& record) {
    const std::uint64_t hash = table_.hash(record.name);
    NewVersion made;
    made.expires_ms = record.expires_ms;
    if (auto taken = take_document(record.document, made); !taken) return taken;
    const Offset offset = build_block(record.name, hash, made);
    if (offset == 0) return Error(Errc::grid_full);
    pages_.forget();
    VersionBlock& block = *version_at(offset);
    block.version = record.version;
    block.revision = record.revision;
    block.updated_ns = record.updated_ns;
    if (auto linked = link_new_record(hash, offset); !linked) {
        heap_.free(offset, block.block_bytes());
        return linked;
    }
    count_record(record.name, 1);
    if (block.has_expiry()) expiries_.add(record.expires_ms, block.record_id());
    // Without readers, memory that growing tables and nodes retire can be reused at once.
    if (structure_.bytes() > restore_waste_max) drain(no_limit, no_limit);
    return {};
}

void Grid::Impl::finish_restore(Revision revision) noexcept {
    shm::Header& header = segment_.header();
    assigned_ = published_ = horizon_ = revision;
    header.tail.base.store(revision, std::memory_order_relaxed);
    header.horizon.horizon.store(revision, std::memory_order_relaxed);
    // SYNC published: pairs with the acquire of every reader; the restored records are visible.
    header.commit.published.store(revision, std::memory_order_release);
    drain(no_limit, no_limit);
    define_indexes();
}

}  // namespace ringside::broker
