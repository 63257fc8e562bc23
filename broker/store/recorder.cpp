#include "broker/store/recorder.hpp"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>

#include "shm/index/name_index.hpp"
#include "shm/name/system_name.hpp"
#include "shm/segment/statistics.hpp"
#include "shm/version/visibility.hpp"
#include "shm/wait/futex.hpp"

namespace ringside::broker {

using Clock = std::chrono::steady_clock;

namespace {

/// A batch ends with the first complete revision after this many changes or bytes.
constexpr std::uint64_t batch_changes = 1U << 17;
constexpr std::uint64_t batch_bytes = 32U << 20;
/// Pending changes are urgent when they fill this fraction of the ring.
constexpr std::uint64_t urgent_ring_share = 8;
constexpr std::size_t prefetch_distance = 8;

}  // namespace

Recorder::Recorder(const shm::SegmentView& segment, RecorderOptions options,
                   std::optional<Store> store, Durability& durability,
                   std::function<void()> on_progress)
    : segment_(segment),
      ring_(segment),
      options_(std::move(options)),
      store_(std::move(store)),
      durability_(&durability),
      on_progress_(std::move(on_progress)) {}

Recorder::~Recorder() { stop(); }

void Recorder::start() {
    cursor_ = ring_.tail();
    // SYNC store-position: pairs with Grid::Impl::kept_from(), from the first turn on.
    durability_->kept_from.store(cursor_);
    const shm::Header& header = segment_.header();
    // SYNC unpaired: stored by this thread, or by a broker that has ended.
    const Revision tail_revision = header.tail.tail_revision.load();
    // SYNC published: stored by this thread, or by a broker that has ended.
    const Revision next = tail_revision != 0 ? tail_revision : header.commit.published.load();
    in_ring_after_ = std::max<Revision>(next, 1) - 1;
    if (store_) {
        // SYNC store-followed: pairs with the next broker's check_store().
        segment_.header().store.id.store(store_->identity().id);
        // SYNC store-followed: as above.
        segment_.header().store.is_detached.store(0);
        segment_.header().store.show("");
        show_durable(store_->revision());
    }
    thread_ = std::thread([this] { run(); });
}

bool Recorder::stop() {
    if (thread_.joinable()) {
        // SYNC thread-stop: pairs with run() and rest().
        stop_.store(true);
        // SYNC store-asleep: pairs with sleep_for(): a thread that has not yet seen `stop_` finds a
        // value other than the one that it is about to sleep on.
        sleep_.store(awake);
        shm::futex_wake_all(sleep_);
        thread_.join();
    }
    return !has_changes() && !durability_->is_failing();
}

void Recorder::notice() noexcept {
    // SYNC store-asleep: pairs with sleep_for(): this thread sees how the recorder sleeps, or the
    // recorder sees the changes.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const std::uint32_t how = sleep_.load(std::memory_order_relaxed);
    if (how == awake || (how == until_time && !is_urgent())) return;
    sleep_.store(awake, std::memory_order_relaxed);
    shm::futex_wake_all(sleep_);
}

bool Recorder::has_changes() const noexcept { return ring_.head() != cursor_; }

bool Recorder::is_urgent() const noexcept {
    if (options_.policy == DurabilityPolicy::always && has_changes()) return true;
    const Revision wanted = durability_->wanted.load(std::memory_order_relaxed);
    if (wanted > durability_->durable.load(std::memory_order_relaxed)) return true;
    const Position kept_from = durability_->kept_from.load(std::memory_order_relaxed);
    return ring_.head() - kept_from > ring_.capacity() / urgent_ring_share;
}

void Recorder::sleep_for(Sleep how, std::chrono::nanoseconds time) noexcept {
    // SYNC store-asleep: pairs with notice() and stop().
    sleep_.store(how, std::memory_order_seq_cst);
    // SYNC store-asleep: the fence between the store of `sleep_` and the last check for work.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const bool has_work = is_urgent() || (how == until_change && has_changes());
    // SYNC thread-stop: pairs with stop().
    if (!has_work && !stop_.load()) shm::futex_wait_for(sleep_, how, time);
    sleep_.store(awake, std::memory_order_relaxed);
}

/// Sleeps until a batch must be written.
void Recorder::rest() {
    // SYNC thread-stop: pairs with stop().
    while (!stop_.load() && !has_changes() && !is_urgent()) sleep_for(until_change, options_.idle);
    const auto due = began_ + options_.interval;
    // SYNC thread-stop: pairs with stop().
    while (!stop_.load() && !is_urgent()) {
        const auto left = due - Clock::now();
        if (left.count() <= 0) break;
        sleep_for(until_time, left);
    }
    began_ = Clock::now();
}

void Recorder::run() {
    pthread_setname_np(pthread_self(), "store");
    for (;;) {
        // SYNC thread-stop: pairs with stop(); all commits are visible in the last round.
        const bool is_last = stop_.load();
        Result<void> done = store_ ? Result<void>() : reopen();
        while (done && has_changes()) done = record_batch();
        // SYNC durable-wanted: pairs with Engine::answer.
        // SYNC durable-revision: stored by this thread.
        const bool is_sync_due = durability_->wanted.load() > durability_->durable.load();
        // The changes are written but not synced, or a failed store must prove that it works again.
        if (done && (is_sync_due || durability_->is_failing())) done = record_batch();
        if (!done) {
            fail(done.error());
            if (is_last) return;
            const auto until = Clock::now() + options_.retry;
            // SYNC thread-stop: pairs with stop().
            while (!stop_.load() && Clock::now() < until) {
                sleep_for(until_change, until - Clock::now());
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
            continue;
        }
        if (is_last) return;
        rest();
    }
}

Position Recorder::gather(Revision published) {
    items_.clear();
    gathered_ = 0;
    std::uint64_t bytes = 0;
    Position position = cursor_;
    for (const Position end = ring_.head(); position < end; ++position) {
        const auto change = ring_.read(position);
        // There always is an entry: the engine retains these entries. An unpublished entry may
        // never be published, if the broker dies now.
        if (!change || change->revision > published) break;
        const bool begins_revision = change->revision != gathered_;
        const std::size_t count = items_.size();
        if (begins_revision && (count >= batch_changes || bytes >= batch_bytes)) break;
        gathered_ = change->revision;
        if (change->kind == shm::ChangeKind::event) continue;  // events are not stored
        items_.push_back({change->version, static_cast<std::uint32_t>(change->record)});
        __builtin_prefetch(segment_.at<std::byte>(change->version));
        if (count >= prefetch_distance) {
            bytes += segment_.version_at(items_[count - prefetch_distance].version)->block_bytes();
        }
    }
    return position;
}

/// Puts the newest version of each record into the batch: the first one found from the end.
void Recorder::fold() {
    if (++batch_ == 0) {
        std::fill(met_.begin(), met_.end(), 0);
        batch_ = 1;
    }
    for (std::size_t i = items_.size(); i-- > 0;) {
        const Item& item = items_[i];
        if (i >= prefetch_distance) {
            __builtin_prefetch(segment_.at<std::byte>(items_[i - prefetch_distance].version));
        }
        if (item.record >= met_.size()) {
            met_.resize(std::size_t{item.record} + item.record / 2 + 1024, 0);
        }
        if (std::exchange(met_[item.record], batch_) == batch_) continue;
        const shm::VersionBlock& block = *segment_.version_at(item.version);
        if (!system_name::is_stored(block.name())) continue;
        if (block.is_tombstone()) {
            store_->erase(block.name());
        } else {
            put(block);
        }
    }
}

void Recorder::put(const shm::VersionBlock& block) {
    ByteView document = block.document();
    if (block.has_pages()) {
        // The store's pin keeps all pages of the document.
        document = encode_whole(Value::of(document, &segment_.pages()), whole_).value();
    }
    store_->put({block.name(), document, block.version, block.revision, block.expires_ms(),
                 block.updated_ns});
}

Result<void> Recorder::record_batch() {
    // SYNC durable-wanted: pairs with Engine::answer.
    const Revision wanted = durability_->wanted.load(std::memory_order_acquire);
    // SYNC published: pairs with W5; the ring entries and versions of this revision are visible.
    const Revision published = segment_.header().commit.published.load(std::memory_order_acquire);
    const Position end = gather(published);
    const bool is_wanted = wanted > durability_->durable.load(std::memory_order_relaxed);
    const bool is_trial = durability_->is_failing();
    if (end == cursor_ && !is_wanted && !is_trial) return {};
    const Revision reached = end == cursor_ ? std::max(published, store_->revision()) : gathered_;
    fold();
    // Events leave nothing to recover after a loss of power.
    const bool has_changes = !items_.empty();
    const bool sync =
        (has_changes && options_.policy != DurabilityPolicy::none) || is_wanted || is_trial;
    const auto began = Clock::now();
    if (auto written = store_->write(reached, sync); !written) return written;
    shm::Statistics& statistics = shm::statistics_of(segment_);
    if (has_changes) statistics.changes_of_batch.observe(items_.size());
    if (sync) {
        const std::chrono::nanoseconds took = Clock::now() - began;
        statistics.sync_ns.observe(static_cast<std::uint64_t>(took.count()));
    }
    if (is_trial) {
        spdlog::info("store works again; the grid accepts writes");
        durability_->recover();
        show_failure("");
    }
    cursor_ = end;
    in_ring_after_ = reached;
    // SYNC store-position: pairs with Grid::Impl::kept_from(): the engine may reuse the memory that
    // the entries before the cursor lead to.
    durability_->kept_from.store(cursor_, std::memory_order_release);
    if (sync) show_durable(reached);
    on_progress_();
    return {};
}

Result<void> Recorder::reopen() {
    if (durability_->is_failing()) {
        if (auto probed = Store::probe(options_.store); !probed) return probed;
    }
    auto opened = Store::open(options_.store);
    if (!opened) return opened.error();
    if (!opened->warning().empty()) spdlog::warn("store: {}", opened->warning());
    store_.emplace(std::move(*opened));
    if (auto found = find_place(); !found) return found;
    show_durable(store_->revision());
    on_progress_();
    return {};
}

/// Finds the first change that the store does not have. Returns none if the ring lacks some of
/// them.
std::optional<Position> Recorder::find_missing() const {
    const shm::StoreLine& line = segment_.header().store;
    // SYNC store-followed: stored by this thread, or by a broker that has ended.
    if (line.id.load() != store_->identity().id || store_->is_incomplete()) return std::nullopt;
    // SYNC published: pairs with W5; the ring entries up to this revision are visible.
    const Revision published = segment_.header().commit.published.load(std::memory_order_acquire);
    const Revision reached = store_->revision();
    if (reached > published) return std::nullopt;
    if (const auto position = ring_.find(reached + 1)) return position;
    // All entries in the ring are later than `reached`. Revisions can be without a change.
    if (reached >= in_ring_after_) return ring_.tail();
    spdlog::warn(
        "store lags behind the change ring: it reached revision {}, and changes up to {} are no "
        "longer in the ring",
        reached, in_ring_after_);
    return std::nullopt;
}

Result<void> Recorder::find_place() {
    // SYNC published: pairs with W5; the ring entries up to this revision are visible.
    const Revision published = segment_.header().commit.published.load(std::memory_order_acquire);
    const auto position = find_missing();
    if (!position) return write_everything();
    cursor_ = *position;
    // SYNC store-position: pairs with Grid::Impl::kept_from().
    durability_->kept_from.store(cursor_);
    // SYNC store-followed: pairs with the next broker's check_store().
    segment_.header().store.is_detached.store(0);
    // A take-over publishes a revision without a change: the store has then reached that revision,
    // too.
    if (store_->revision() < published && !has_changes()) return store_->write(published, false);
    return {};
}

/// Replaces the contents of the store by all records at one revision.
Result<void> Recorder::write_everything() {
    const auto began = Clock::now();
    show_durable(0);  // until all is written, a loss of power may lose everything
    // The engine reads this word in each reclaim (E4). Memory freed by a reclaim that missed the
    // word was replaced before the revision that is read here.
    // SYNC store-reads-everything: pairs with Engine::collect_pins, as R1 of shm/pin/pin.hpp.
    durability_->reads_everything.store(true, std::memory_order_seq_cst);
    // SYNC store-reads-everything: as R2: the store above comes before the loads below.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const Position end = ring_.head();
    // SYNC published: pairs with W5; all records up to this revision are visible.
    const Revision at = segment_.header().commit.published.load(std::memory_order_acquire);
    auto written = store_->recreate();
    if (written) {
        // Store the id only now: a broker that finds this id relies on the store being marked as
        // incomplete.
        // SYNC store-followed: pairs with the next broker's check_store().
        segment_.header().store.id.store(store_->identity().id);
        // SYNC store-followed: as above.
        segment_.header().store.is_detached.store(0);
        written = write_records(at);
    }
    // SYNC store-reads-everything: pairs with Engine::collect_pins; the reads are done.
    durability_->reads_everything.store(false, std::memory_order_seq_cst);
    if (!written) return written;
    cursor_ = std::max(cursor_, std::min(end, ring_.find(at + 1).value_or(end)));
    in_ring_after_ = at;
    // SYNC store-position: pairs with Grid::Impl::kept_from().
    durability_->kept_from.store(cursor_, std::memory_order_release);
    spdlog::info("rewrote the store at revision {} in {:.3f} s", at,
                 std::chrono::duration<double>(Clock::now() - began).count());
    return {};
}

Result<void> Recorder::write_records(Revision at) {
    shm::NameIndexCursor cursor(segment_);
    cursor.seek("");
    for (auto ids = cursor.next(); !ids.empty(); ids = cursor.next()) {
        for (const std::uint32_t id : ids) {
            const auto* record =
                shm::visible_record(segment_, shm::newest_of(segment_, RecordId{id}), at);
            if (record == nullptr || !system_name::is_stored(record->name())) continue;
            put(*record);
        }
        if (store_->batch_bytes() < batch_bytes) continue;
        if (auto written = store_->write_part(); !written) return written;
    }
    return store_->finish_recreation(at);
}

void Recorder::fail(const Error& error) {
    store_.reset();
    const std::string reason = error.text();
    if (!durability_->is_failing()) {
        spdlog::error("grid is read-only because its store is failing: {}", reason);
    }
    durability_->fail(reason);
    show_failure(reason);
    on_progress_();
}

void Recorder::show_durable(Revision revision) const noexcept {
    // SYNC durable-revision: pairs with Engine::release_held and has_work.
    durability_->durable.store(revision, std::memory_order_release);
    // SYNC durable-revision: pairs with the next broker's Service::take_over.
    segment_.header().broker.durable.store(revision, std::memory_order_release);
}

void Recorder::show_failure(const std::string& reason) const noexcept {
    segment_.header().store.show(reason);
}

}  // namespace ringside::broker
