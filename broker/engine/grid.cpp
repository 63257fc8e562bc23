#include "broker/engine/grid.hpp"

#include <algorithm>

#include "broker/engine/grid_impl.hpp"

namespace ringside::broker {

Grid::Impl::Impl(const shm::SegmentView& segment, GridHost host, GridOptions options)
    : segment_(segment),
      host_(std::move(host)),
      options_(options),
      heap_(segment, host_.commit_memory),
      table_(segment, heap_,
             [this](Offset offset, std::uint64_t bytes) { retire_structure(offset, bytes); }),
      index_(
          segment, heap_,
          [this](Offset offset, std::uint64_t bytes) { retire_structure(offset, bytes); },
          segment.header().root.index),
      ring_(segment),
      slots_(segment, host_.commit_memory),
      secondary_(segment, heap_, slots_,
                 [this](const Retired& retired) { retire_of_index(retired); }),
      leases_([this](const HeldPin& pin) {
          if (pin.owner == HeldPin::Owner::store) return;
          ++pins_revoked_;
          auto& below = segment_.session(pin.session_index).revoked_below;
          const Revision now =
              std::max(below.load(std::memory_order_relaxed),
                       (pin.owner == HeldPin::Owner::session ? pin.revision : published_) + 1);
          // The fence orders every later store into memory that the pin protected after this store.
          // SYNC pin-revoked: pairs with Attachment::revoked_below().
          below.store(now, std::memory_order_seq_cst);
          // SYNC pin-revoked: pairs with the fence in Attachment::revoked_below().
          std::atomic_thread_fence(std::memory_order_seq_cst);
      }),
      pages_(segment,
             [this](std::uint64_t bytes) { return allocate(bytes, shm::Heap::Purpose::data); }),
      paging_(pages_) {
    if (segment.header().root.table.load(std::memory_order_relaxed) == 0) table_.begin();
    if (options_.retain_bytes == 0) options_.retain_bytes = segment.identity().heap.bytes / 16;
    if (options_.bookkeeping_bytes == 0) {
        options_.bookkeeping_bytes =
            std::max(limits::bookkeeping_bytes_default, segment.identity().segment_bytes / 16);
    }
}

void Grid::Impl::store_counters() noexcept {
    shm::Counters& counters = segment_.header().counters;
    const auto store = [](shm::Word& word, std::uint64_t value) {
        word.store(value, std::memory_order_relaxed);
    };
    store(counters.records, live_records_);
    store(counters.tombstones, tombstones_);
    store(counters.heap_bytes_used, heap_.bytes_used());
    store(counters.heap_bytes_spans, heap_.bytes_in_spans());
    store(counters.table_entries, table_.capacity());
    store(counters.table_used, table_.used());
    store(counters.slots_used, slots_.used());
    store(counters.retired_blocks, retired_blocks());
    store(counters.retired_bytes, retired_heap_bytes());
    store(counters.commits, commits_);
    store(counters.events, events_);
    store(counters.changes, published_head_);
    store(counters.pins_revoked, pins_revoked_);
    using shm::LimitKind;
    counters.limit(LimitKind::bookkeeping_memory)
        .show(options_.bookkeeping_bytes, bookkeeping_bytes(), bookkeeping_excesses_);
    counters.limit(LimitKind::expiry_memory)
        .show(options_.bookkeeping_bytes / 2, expiries_.bytes(), expiries_refused_);
}

Grid::Grid(const shm::SegmentView& segment, GridHost host, GridOptions options)
    : impl_(std::make_unique<Impl>(segment, std::move(host), options)) {}
Grid::~Grid() = default;
Grid::Grid(Grid&&) noexcept = default;
Grid& Grid::operator=(Grid&&) noexcept = default;

void Grid::begin_turn(std::uint64_t now_ns) noexcept { impl_->begin_turn(now_ns); }
boost::system::result<Revision, Refusal> Grid::commit(std::span<const Command> commands,
                                                      const Origin& origin,
                                                      std::vector<Version>& versions) {
    return impl_->commit(commands, origin, versions);
}
void Grid::expire_due(std::size_t limit) { impl_->expire_due(limit); }
std::uint64_t Grid::patch_steps() const noexcept { return impl_->patch_steps(); }
bool Grid::must_wait_for_store() const noexcept { return impl_->must_wait_for_store(); }
bool Grid::store_holds_memory() const noexcept { return impl_->store_holds_memory(); }
Result<void> Grid::take_over(Survey&& survey) { return impl_->take_over(std::move(survey)); }
std::uint64_t Grid::bytes_in_quarantine() const noexcept { return impl_->bytes_in_quarantine(); }
Result<void> Grid::restore(const StoredRecord& record) { return impl_->restore(record); }
void Grid::finish_restore(Revision revision) noexcept { impl_->finish_restore(revision); }
std::uint64_t Grid::next_expiry_ms() const noexcept { return impl_->next_expiry_ms(); }
std::uint32_t Grid::publish() noexcept { return impl_->publish(); }
void Grid::reclaim() { impl_->reclaim(); }
void Grid::compact() { impl_->compact(); }
bool Grid::has_room_for_index() const noexcept { return impl_->has_room_for_index(); }
bool Grid::turn_indexes() { return impl_->turn_indexes(); }
bool Grid::has_index_work() const noexcept { return impl_->has_index_work(); }
bool Grid::has(std::string_view name) const { return impl_->has(name); }
void Grid::on_existence(std::function<void(std::string_view, bool)> observe) {
    impl_->on_existence(std::move(observe));
}
void Grid::store_counters() noexcept { impl_->store_counters(); }
Revision Grid::published() const noexcept { return impl_->published(); }
std::uint64_t Grid::commits() const noexcept { return impl_->commits(); }
std::uint64_t Grid::changes_max() const noexcept { return impl_->changes_max(); }

}  // namespace ringside::broker
