#include "ringside/watch.hpp"

#include "shm/name/name.hpp"
#include "shm/wait/futex.hpp"
#include "shm/wait/spin.hpp"
#include "watch_impl.hpp"

namespace ringside {

using Clock = std::chrono::steady_clock;

std::string_view name(WatchKind kind) noexcept {
    switch (kind) {
        case WatchKind::put: return "put";
        case WatchKind::patch: return "patch";
        case WatchKind::remove: return "remove";
        case WatchKind::expire: return "expire";
        case WatchKind::current: return "current";
        case WatchKind::lagged: return "lagged";
        case WatchKind::event: return "event";
        case WatchKind::provided: return "provided";
        case WatchKind::unprovided: return "unprovided";
    }
    return "unknown";
}

std::optional<Value> WatchEvent::value() const {
    const Value document = record.document();
    if (!document.exists()) return std::nullopt;
    if (pointer == nullptr) return document;
    return record.document().find(*pointer);
}

Result<Watch> Client::watch(std::string_view pattern, WatchOptions options) const {
    auto parsed = Pattern::parse(pattern);
    if (!parsed) return parsed.error();
    auto pointer = Pointer::parse(options.pointer);
    if (!pointer) return pointer.error();
    if (options.initial && options.from) {
        return Error(Errc::bad_request, "a watch begins with what is there, or at a revision");
    }
    auto attachment = impl_->attachment();
    if (attachment && (*attachment)->check_lost()) attachment = impl_->attachment();
    if (!attachment) return attachment.error();
    auto pin = detail::PinSlotHolder::take(std::move(*attachment));
    if (!pin) return pin.error();
    WatchFilter filter(std::move(*parsed), std::move(*pointer), options);
    auto watch = std::make_unique<Watch::Impl>(impl_, std::move(*pin), std::move(filter),
                                               std::move(options));
    if (auto begun = watch->begin(); !begun) return begun.error();
    return Watch(std::move(watch));
}

Result<Watch> Client::subscribe(std::string_view pattern, std::optional<Revision> from) const {
    return watch(pattern, {.mode = WatchMode::every, .what = WatchFor::events, .from = from});
}

Watch::Watch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Watch::Watch(Watch&&) noexcept = default;
Watch& Watch::operator=(Watch&&) noexcept = default;
Watch::~Watch() = default;
Result<WatchEvent> Watch::poll() { return impl_->poll(); }
Result<WatchEvent> Watch::next(std::chrono::milliseconds timeout) { return impl_->next(timeout); }
Result<int> Watch::descriptor() { return impl_->descriptor(); }
Revision Watch::delivered() const noexcept { return impl_->delivered(); }
std::uint64_t Watch::boot_id() const noexcept { return impl_->boot_id(); }
bool Watch::touches(const Pointer& pointer) const { return impl_->touches(pointer); }

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

/// Names of the grid itself have no listeners, and whoever only wants to know of providers needs
/// none.
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
    if (has_pin_ && pin_.is_revoked(pinned_)) {
        pin_.unpin();
        has_pin_ = false;
        return Error(Errc::snapshot_expired, "the last event was kept too long; the watch goes on");
    }
    if (!pin_.attachment().follow() || pin_.attachment().is_lost() ||
        pin_.attachment().is_grid_over()) {
        if (auto attached = reattach(); !attached) return attached.error();
    }
    if (std::exchange(was_reattached_, false)) {
        event.kind = WatchKind::lagged;
        event.resumes_at = delivered_;
        event.position = cursor_;
        return event;
    }
    if (std::exchange(wants_sync_, false)) {
        if (auto started = start_sync(); !started) return started.error();
    }
    if (sync_ && next_of_sync(event)) return event;
    return follow(event);
}

Result<WatchEvent> Watch::Impl::follow(WatchEvent& event) {
    for (bool was_cleared = false;;) {
        const Step did = step(event);
        if (did == Step::event) return event;
        if (did == Step::go_on) continue;
        // Nothing is there: the descriptor is to say so, too. What came meanwhile signals it again.
        if (signal_ == nullptr || was_cleared) return Error(Errc::would_block);
        signal_->clear();
        was_cleared = true;
    }
}

void Watch::Impl::go_to_the_newest() {
    for (;;) {
        const Revision published = pin_.attachment().published();
        const auto position = ring_->find(published + 1);
        if (!position) continue;  // lapped between the two
        cursor_ = *position;
        delivered_ = published;
        return;
    }
}

Result<void> Watch::Impl::start_sync() {
    auto pin = detail::PinSlotHolder::take(pin_.shared_attachment());
    if (!pin) return pin.error();
    while (!pin->pin(delivered_)) {
        if (pin_.attachment().is_grid_over()) return {};  // the next poll finds out
        go_to_the_newest();
    }
    sync_.emplace(std::move(*pin), delivered_, filter_);
    drain_end_ = cursor_;
    return {};
}

/// False: all that was there has been delivered.
bool Watch::Impl::next_of_sync(WatchEvent& event) {
    for (;;) {
        if (sync_->is_revoked()) {  // it took longer than its lease: once more from the start
            sync_.reset();
            go_to_the_newest();
            if (!start_sync() || !sync_) return false;
        }
        if (!sync_->next(event)) {
            sync_.reset();
            return false;
        }
        event.position = cursor_;
        if (event.kind != WatchKind::current || event.pointer == nullptr || event.value()) {
            return true;
        }
    }
}

/// Looks at one entry of the ring.
Watch::Impl::Step Watch::Impl::step(WatchEvent& event) {
    if (cursor_ == drain_end_) {
        // acquire: all entries and versions up to this revision are visible.
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
    if (!change) return lapped(event);
    if (change->revision > drain_at_) {  // R4: of a commit that is just being published
        drain_end_ = cursor_;
        return nothing();
    }
    if (!filter_.may_pass(*change)) {
        pass(*change);
        return Step::go_on;
    }
    prefetch(*change);
    // From here on the entry's blocks are kept; a pin that is too late means that it was lapped.
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
    if (pin_.attachment().is_grid_over()) return Step::nothing;  // the next poll finds out
    event.kind = WatchKind::lagged;
    if (options_.mode == WatchMode::latest) {
        // All that is in the ring is in the state that is delivered next.
        const Position before = cursor_;
        go_to_the_newest();
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

/// What is looked at next lies in lines that the engine has just written: all are asked for at
/// once.
void Watch::Impl::prefetch(const shm::Change& change) const noexcept {
    const std::byte* version = segment().base() + change.version;
    __builtin_prefetch(version);
    __builtin_prefetch(version + cache_line_bytes);
    if (change.record != shm::no_record) __builtin_prefetch(&segment().slot(change.record));
}

/// False: the change is none that the watch delivers.
bool Watch::Impl::make_event(const shm::Change& change, WatchEvent& event) const {
    const auto kind = filter_.kind_of(change, drain_at_);
    if (!kind) return false;
    event.kind = *kind;
    event.record = detail::view_of(segment(), *segment().version_at(change.version));
    if (*kind == WatchKind::provided || *kind == WatchKind::unprovided) {
        event.record = WatchFilter::subject_of(event.record);
    }
    if (*kind == WatchKind::event) event.pointer = nullptr;
    if (change.path != 0 && options_.mode == WatchMode::every) {
        event.path = segment().at<shm::PathBlock>(change.path)->text();
    }
    event.position = change.position;
    event.time_ns = change.time_ns;
    return true;
}

bool Watch::Impl::touches(const Pointer& pointer) const {
    return !last_change_ || filter_.touches(*last_change_, pointer);
}

bool Watch::Impl::has_news() const noexcept {
    if (cursor_ != drain_end_ || was_reattached_ || wants_sync_ || sync_) return true;
    return pin_.attachment().published() != drain_at_;
}

Result<WatchEvent> Watch::Impl::next(std::chrono::milliseconds timeout) {
    constexpr std::chrono::nanoseconds slice = std::chrono::milliseconds(500);
    const auto deadline = Clock::now() + timeout;
    for (;;) {
        auto event = poll();
        if (event || event.error().code != Errc::would_block) return event;
        for (shm::SpinWait spin(client_->options().spin); !has_news() && spin.pause();) {
        }
        if (has_news()) continue;
        const std::chrono::nanoseconds left = deadline - Clock::now();
        if (left.count() <= 0) return Error(Errc::timed_out);
        if (auto slept = sleep(std::min(left, slice)); !slept) return slept.error();
        if (!has_news()) pin_.attachment().check_lost();
    }
}

/// Sleeps until a change of one of the watch's subjects is published; see shm/wait/futex.hpp.
Result<void> Watch::Impl::sleep(std::chrono::nanoseconds time) {
    auto lane = client_->lane();
    if (!lane) return lane.error();
    shm::HalfWord& mask = (*lane)->channel().watch_mask();
    mask.store(filter_.subjects(), std::memory_order_seq_cst);  // S1
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!has_news()) {  // S2, S3
        shm::futex_wait_for(shm::low_half(segment().header().commit.published),
                            static_cast<std::uint32_t>(drain_at_), time, filter_.subjects());
    }
    mask.store(0, std::memory_order_relaxed);
    return {};
}

/// The grid was ended or its broker is gone: goes on with the one that has taken its place.
Result<void> Watch::Impl::reattach() {
    pin_.attachment().check_lost();
    auto attachment = client_->attachment();
    if (!attachment) return attachment.error();
    auto pin = detail::PinSlotHolder::take(std::move(*attachment));
    if (!pin) return pin.error();
    const bool is_same_grid =
        pin->attachment().segment().identity().boot_id == segment().identity().boot_id;
    sync_.reset();
    has_pin_ = false;
    pin_ = std::move(*pin);
    interest_.reset();
    if (is_same_grid) return declare_interest();  // the cursor is still good
    ring_.emplace(segment());
    filter_.attach(segment());
    if (signal_ != nullptr) signal_->set_subjects(filter_.subjects());
    go_to_the_newest();
    drain_at_ = 0;
    drain_end_ = cursor_;
    was_reattached_ = true;
    wants_sync_ = options_.mode == WatchMode::latest;
    return declare_interest();
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
