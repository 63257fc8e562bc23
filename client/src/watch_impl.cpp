#include "watch_impl.hpp"

#include <thread>

#include "shm/name/name.hpp"
#include "shm/wait/futex.hpp"
#include "shm/wait/spin.hpp"

namespace ringside {

Watch::Impl::Impl(std::shared_ptr<Client::Impl> client, detail::PinSlotHolder pin,
                  WatchFilter filter, WatchOptions options)
    : client_(std::move(client)),
      pin_(std::move(pin)),
      filter_(std::move(filter)),
      options_(std::move(options)) {}

Watch::Impl::~Impl() = default;

Result<void> Watch::Impl::begin() {
    ring_.emplace(segment());
    filter_.attach(segment());
    if (auto declared = declare_interest(); !declared) return declared;
    if (options_.from) {
        // The next one may be awaited: the change after the last that a caller has seen.
        const Revision newest = pin_.attachment().published();
        if (*options_.from > newest + 1) {
            return Error(Errc::future_revision, "revision " + std::to_string(*options_.from) +
                                                    ", the newest revision is " +
                                                    std::to_string(newest));
        }
        const auto position = ring_->find(*options_.from);
        if (!position) {
            return Error(Errc::compacted, "revision " + std::to_string(*options_.from));
        }
        cursor_ = *position;
        delivered_ = *options_.from == 0 ? 0 : *options_.from - 1;
    } else {
        go_to_the_newest();
        if (options_.initial) {
            if (auto started = start_sync(); !started) return started;
        }
    }
    drain_end_ = cursor_;
    pin_.show_cursor(cursor_);
    return {};
}

/// System names have no listeners, and a watch for providers only needs none.
Result<void> Watch::Impl::declare_interest() {
    const bool wants_subject =
        filter_.delivers(WatchFor::changes) || filter_.delivers(WatchFor::events);
    if (!options_.is_interest || !wants_subject || is_reserved(filter_.pattern().text())) return {};
    auto made = detail::Declared::make(pin_.shared_attachment(), shm::DeclarationKind::watch, 0,
                                       filter_.pattern().text());
    if (!made) return made.error();
    interest_ = std::move(*made);
    return {};
}

Result<WatchEvent> Watch::Impl::poll() {
    WatchEvent event;
    event.pointer = filter_.pointer();
    last_change_.reset();
    release_spoilt();
    if (is_session_over()) {
        if (auto moved = reattach(); !moved) return without_grid(moved.error());
    }
    grid_due_.reset();
    if (wants_interest_) {
        if (auto declared = declare_interest(); !declared) return declared.error();
        wants_interest_ = false;
    }
    if (std::exchange(was_reattached_, false)) {
        is_spoilt_ = false;
        event.kind = WatchKind::lagged;
        event.resumes_at = delivered_;
        event.position = cursor_;
        return event;
    }
    if (std::exchange(is_spoilt_, false)) {
        return Error(Errc::snapshot_expired,
                     "the last event was held too long; the watch continues");
    }
    if (wants_sync_) {
        if (auto started = start_sync(); !started) return without_grid(started.error());
        wants_sync_ = false;
    }
    if (sync_) {
        const auto got = next_of_sync(event);
        if (!got) return Error(Errc::would_block);  // the next poll finds the reason
        if (*got) return event;
    }
    return follow(event);
}

/// Checks whether the last event may have become invalid while the user held it.
void Watch::Impl::release_spoilt() {
    if (has_pin_ && pin_.is_revoked(pinned_)) {
        pin_.unpin();
        has_pin_ = false;
        is_spoilt_ = true;
    }
    if (sync_ && sync_->take_back_spoilt()) is_spoilt_ = true;
}

bool Watch::Impl::is_session_over() {
    detail::Attachment& session = pin_.attachment();
    return !session.follow() || session.is_lost() || session.is_grid_over();
}

/// While a grid may return, there are no events. The absence is reported once per client timeout.
Error Watch::Impl::without_grid(Error error) {
    const bool may_pass = error == Errc::no_such_grid || error == Errc::no_broker;
    if (!may_pass) return error;
    if (!grid_due_) grid_due_ = shm::Deadline::after(client_->options().timeout);
    if (grid_due_->has_passed()) {
        grid_due_.reset();
        return error;
    }
    // The waker signals repeatedly until the watch has a session.
    if (signal_ != nullptr) signal_->clear();
    return Error(Errc::would_block);
}

Result<WatchEvent> Watch::Impl::follow(WatchEvent& event) {
    for (bool was_cleared = false;;) {
        const Step did = step(event);
        if (did == Step::event) return event;
        if (did == Step::go_on) continue;
        // No event: the descriptor must not be readable. Changes after this signal it again.
        if (signal_ == nullptr || was_cleared) return Error(Errc::would_block);
        signal_->clear();
        was_cleared = true;
    }
}

void Watch::Impl::go_to_the_newest() {
    for (;;) {
        const Revision published = pin_.attachment().published();
        const auto position = ring_->find(published + 1);
        if (!position) continue;  // lapped in between
        cursor_ = *position;
        delivered_ = published;
        return;
    }
}

/// Starts, or continues in the current session. The cursor is unchanged: changes after the names
/// that were handed out are still delivered.
Result<void> Watch::Impl::start_sync() {
    if (!sync_) sync_.emplace(filter_, synced_);
    return sync_->open(pin_.shared_attachment());
}

/// Returns false if the whole state has been delivered.
Result<bool> Watch::Impl::next_of_sync(WatchEvent& event) {
    for (;;) {
        auto got = sync_->next(event);
        if (!got) return got;
        if (!*got) {
            sync_.reset();
            return false;
        }
        event.position = cursor_;
        if (event.kind != WatchKind::current || event.pointer == nullptr || event.value()) {
            return true;
        }
    }
}

/// Examines one entry of the ring.
Watch::Impl::Step Watch::Impl::step(WatchEvent& event) {
    if (cursor_ == drain_end_) {
        // acquire: all entries and versions up to this revision are visible
        const Revision published = pin_.attachment().published();
        if (published > drain_at_) delivered_ = std::max(delivered_, drain_at_);
        drain_at_ = published;
        drain_end_ = std::max(cursor_, ring_->head());
    }
    const auto nothing = [this] {
        if (has_pin_) pin_.unpin();
        has_pin_ = false;
        pin_.show_cursor(cursor_);
        return Step::nothing;
    };
    if (cursor_ == drain_end_) {
        delivered_ = std::max(delivered_, drain_at_);
        return nothing();
    }
    const auto change = ring_->read(cursor_);
    if (!change) {
        if (ring_->tail() > cursor_) return lapped(event);
        // L2: the entry was never published, and the next broker writes its place again. Or it is
        // being overwritten: then the next call sees the tail, which was moved before.
        drain_end_ = cursor_;
        return nothing();
    }
    if (change->revision > drain_at_) {  // R4: belongs to a commit that is just being published
        drain_end_ = cursor_;
        return nothing();
    }
    if (!filter_.may_pass(*change)) {
        pass(*change);
        return Step::go_on;
    }
    prefetch(*change);
    // From here on the entry's blocks are kept. If the pin is too late, the watch was lapped.
    if (!has_pin_ || pinned_ != change->revision - 1) {
        if (!pin_.pin(change->revision - 1)) {
            has_pin_ = false;
            return lapped(event);
        }
        pinned_ = change->revision - 1;
        has_pin_ = true;
    }
    pass(*change);
    if (!make_event(*change, event)) return Step::go_on;
    last_change_ = *change;
    return Step::event;
}

void Watch::Impl::pass(const shm::Change& change) noexcept {
    pin_.show_cursor(cursor_);
    ++cursor_;
    if (change.revision > delivered_ + 1) delivered_ = change.revision - 1;
}

Watch::Impl::Step Watch::Impl::lapped(WatchEvent& event) {
    if (has_pin_) pin_.unpin();
    has_pin_ = false;
    if (pin_.attachment().is_grid_over()) return Step::nothing;  // the next poll finds the reason
    event.kind = WatchKind::lagged;
    if (options_.mode == WatchMode::latest) {
        // The state that is delivered next includes all entries in the ring.
        const Position before = cursor_;
        go_to_the_newest();
        sync_.reset();
        wants_sync_ = true;
        event.missed = cursor_ - before;
    } else {
        const Position tail = std::max(ring_->tail(), cursor_ + 1);
        event.missed = tail - cursor_;
        cursor_ = tail;
        const auto first = ring_->read(tail);
        delivered_ = first ? first->revision - 1 : pin_.attachment().published();
    }
    event.position = cursor_;
    event.resumes_at = delivered_;
    drain_end_ = cursor_;
    pin_.show_cursor(cursor_);
    return Step::event;
}

/// The next lines to read were just written by the engine: they are all prefetched at once.
void Watch::Impl::prefetch(const shm::Change& change) const noexcept {
    const std::byte* version = segment().base() + change.version;
    __builtin_prefetch(version);
    __builtin_prefetch(version + cache_line_bytes);
    if (change.record != shm::no_record) __builtin_prefetch(&segment().slot(change.record));
}

/// Returns false if the watch does not deliver the change.
bool Watch::Impl::make_event(const shm::Change& change, WatchEvent& event) const {
    const auto kind = filter_.kind_of(change, drain_at_);
    if (!kind) return false;
    event.kind = *kind;
    event.record = detail::view_of(segment(), *segment().version_at(change.version));
    // Already included in the initial state, or in the state after `lagged`.
    if (*kind != WatchKind::event && !synced_.is_behind(change.revision) &&
        synced_.covers(*kind, event.record.name(), change.revision)) {
        return false;
    }
    if (*kind == WatchKind::provided || *kind == WatchKind::unprovided) {
        event.record = WatchFilter::subject_of(event.record);
    }
    if (*kind == WatchKind::event) event.pointer = nullptr;
    if (change.path != 0 && options_.mode == WatchMode::every) {
        event.path = segment().at<shm::PathBlock>(change.path)->text();
    }
    event.position = change.position;
    event.time_ns = change.time_ns;
    event.session = change.session;
    return true;
}

bool Watch::Impl::affects(const JsonPointer& pointer) const {
    return !last_change_ || filter_.affects(*last_change_, pointer);
}

bool Watch::Impl::has_news() const noexcept {
    if (grid_due_) return false;
    if (cursor_ != drain_end_ || was_reattached_ || wants_sync_ || sync_) return true;
    return pin_.attachment().published() != drain_at_;
}

Result<WatchEvent> Watch::Impl::next(std::chrono::milliseconds timeout) {
    constexpr std::chrono::nanoseconds slice = std::chrono::milliseconds(500);
    const auto deadline = shm::Deadline::after(timeout);
    for (;;) {
        auto event = poll();
        if (event || event.error().code != Errc::would_block) return event;
        for (shm::SpinWait spin(client_->options().spin); !has_news() && spin.pause();) {
        }
        if (has_news()) continue;
        if (deadline.has_passed()) return Error(Errc::timed_out);
        sleep(std::min(deadline.left(), slice));
        if (!has_news()) pin_.attachment().check_lost();
    }
}

/// Sleeps until a change of one of the watch's subjects is published; see shm/wait/futex.hpp.
void Watch::Impl::sleep(std::chrono::nanoseconds time) {
    // Without a grid, or a lane to announce the sleep in, no process wakes the thread.
    constexpr std::chrono::nanoseconds slice = std::chrono::milliseconds(10);
    const auto lane = grid_due_ ? Result<detail::ThreadLane*>(Errc::no_broker) : client_->lane();
    if (!lane) {
        std::this_thread::sleep_for(std::min(time, slice));
        return;
    }
    shm::HalfWord& mask = (*lane)->channel().watch_mask();
    // SYNC watch-asleep: S1, pairs with W2 in Engine::finish_turn.
    mask.store(filter_.subjects(), std::memory_order_seq_cst);
    // SYNC watch-asleep: the fence between S1 and S2.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!has_news()) {  // S2, S3
        shm::futex_wait_for(shm::low_half(segment().header().commit.published),
                            static_cast<std::uint32_t>(drain_at_), time, filter_.subjects());
    }
    mask.store(0, std::memory_order_relaxed);
}

/// The grid or the session has ended: continues with the client's current session.
Result<void> Watch::Impl::reattach() {
    pin_.attachment().check_lost();
    auto attachment = client_->attachment_at_once();
    if (!attachment) return attachment.error();
    auto pin = detail::PinSlotHolder::take(std::move(*attachment));
    if (!pin) return pin.error();
    move_to(std::move(*pin));
    return {};
}

/// Uses nothing of the former session from here on: the last owner releases its mapping.
void Watch::Impl::move_to(detail::PinSlotHolder pin) {
    const bool is_same_grid =
        pin.attachment().segment().identity().boot_id == segment().identity().boot_id;
    interest_.reset();
    wants_interest_ = true;
    has_pin_ = false;
    last_change_.reset();
    pin_ = std::move(pin);
    ring_.emplace(segment());
    filter_.attach(segment());
    if (signal_ != nullptr) signal_->move_to(pin_.shared_attachment(), filter_.subjects());
    if (is_same_grid) {
        // The cursor is still valid. The last event might have become invalid while it was held.
        was_reattached_ = is_spoilt_ && !sync_;
        wants_sync_ =
            wants_sync_ || sync_ || (was_reattached_ && options_.mode == WatchMode::latest);
        is_spoilt_ = false;
    } else {
        sync_.reset();
        synced_.clear();
        go_to_the_newest();
        drain_at_ = 0;
        drain_end_ = cursor_;
        was_reattached_ = true;
        wants_sync_ = options_.mode == WatchMode::latest;
    }
}

Result<int> Watch::Impl::descriptor() {
    if (signal_ == nullptr) {
        auto made = WatchSignal::make(client_, pin_.shared_attachment(), filter_.subjects());
        if (!made) return made.error();
        signal_ = std::move(*made);
    }
    return signal_->descriptor();
}

}  // namespace ringside
