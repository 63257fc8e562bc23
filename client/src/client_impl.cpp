#include "client_impl.hpp"

#include <atomic>
#include <utility>

#include "watch_waker.hpp"

namespace ringside {

using shm::Deadline;

namespace {

std::uint64_t next_client_id() {
    static std::atomic<std::uint64_t> ids = 0;
    return ++ids;
}

}  // namespace

Client::Impl::Impl(ClientOptions options, std::shared_ptr<detail::Attachment> attachment)
    : options_(std::move(options)), id_(next_client_id()), attachment_(std::move(attachment)) {}

Result<detail::ThreadLane*> Client::Impl::lane() {
    const detail::LastLane last = detail::last_lane;
    if (last.client == id_ && !last.lane->attachment().is_lost()) return last.lane;
    detail::ThreadLane*& place = detail::thread_lane_of(id_, lanes_);
    if (place == nullptr || place->attachment().is_lost()) {
        if (auto made = new_lane(place); !made) return made;
    }
    detail::last_lane = {id_, place};
    return place;
}

Result<detail::ThreadLane*> Client::Impl::new_lane(detail::ThreadLane*& place) {
    if (auto online = check_online(); !online) return online.error();
    auto current = attachment();
    if (!current) return current.error();
    detail::drop_thread_lane(place, *lanes_);
    auto channel = (*current)->take_lane();
    if (channel == nullptr) return Error(Errc::lane_limit);
    place = new detail::ThreadLane(std::move(*current), std::move(channel));
    lanes_->add(place);
    return place;
}

Result<detail::ThreadLane*> Client::Impl::lane_for_request() {
    for (;;) {
        auto mine = lane();
        if (!mine || (*mine)->attachment().follow()) return mine;
    }
}

std::shared_ptr<detail::Attachment> Client::Impl::current_attachment() const {
    const std::lock_guard lock(mutex_);
    return attachment_;
}

Result<std::shared_ptr<detail::Attachment>> Client::Impl::attachment() {
    constexpr std::chrono::milliseconds answer_time{5000};
    return attach_until(Deadline::after(options_.timeout), answer_time);
}

Result<std::shared_ptr<detail::Attachment>> Client::Impl::attachment_at_once() {
    constexpr std::chrono::milliseconds answer_time{500};
    return attach_until(Deadline::after(std::chrono::seconds(0)), answer_time);
}

/// One thread attaches without holding the mutex; the others wait for it.
Result<std::shared_ptr<detail::Attachment>> Client::Impl::attach_until(
    Deadline deadline, std::chrono::milliseconds answer_time) {
    for (;;) {
        auto current = current_attachment();
        if (!current->is_lost() && current->follow()) return current;
        if (!options_.reconnect && !current->is_of_parent()) return current->loss();
        std::uint32_t seen = 0;
        if (begin_attaching(seen)) break;
        if (!current_attachment()->is_lost()) continue;  // another thread has attached meanwhile
        if (deadline.has_passed())
            return Error(Errc::no_broker, "another thread is still connecting");
        shm::futex_wait(attempts_, seen, deadline.time());
    }
    struct Attempt {
        explicit Attempt(Impl& of) noexcept : impl(of) {}
        ~Attempt() { impl.end_attaching(session); }
        Attempt(const Attempt&) = delete;
        Attempt& operator=(const Attempt&) = delete;
        Impl& impl;
        std::shared_ptr<detail::Attachment> session;
    } attempt(*this);
    auto made = make_session(deadline, answer_time);
    if (made) attempt.session = *made;
    return made;
}

/// REQUIRES: the calling thread is the one that attaches.
Result<std::shared_ptr<detail::Attachment>> Client::Impl::make_session(
    Deadline deadline, std::chrono::milliseconds answer_time) {
    if (answer_time <= options_.greeting_time) {
        return detail::Attachment::make(terms_of(options_), deadline, answer_time);
    }
    // The thread must not wait that long: the next call continues with the same greeting.
    Deadline answered = Deadline::after(std::chrono::seconds(0));
    if (greeted_ == nullptr || greeted_->is_of_parent()) {
        answered = Deadline::after(options_.greeting_time);
        auto begun = detail::Attachment::begin(terms_of(options_), answered);
        if (!begun) return begun;
        greeted_ = std::move(*begun);
    }
    if (auto finished = greeted_->finish(answered); !finished) {
        if (finished.error() == Errc::would_block) {
            return Error(Errc::no_broker, "no answer yet");
        }
        greeted_.reset();
        return finished.error();
    }
    return std::exchange(greeted_, nullptr);
}

/// Returns false if another thread is attaching or has just attached; then `seen` is the value to
/// wait on.
bool Client::Impl::begin_attaching(std::uint32_t& seen) {
    const std::lock_guard lock(mutex_);
    seen = attempts_.load(std::memory_order_relaxed);
    if (!attachment_->is_lost() || attaching_in_ == detail::fork_generation()) return false;
    attaching_in_ = detail::fork_generation();
    return true;
}

/// Installs the new session, if any, and swaps the former one into `made`. The caller releases it,
/// which may wait.
void Client::Impl::end_attaching(std::shared_ptr<detail::Attachment>& made) {
    {
        const std::lock_guard lock(mutex_);
        if (made != nullptr) std::swap(attachment_, made);
        attaching_in_.reset();
        // SYNC unpaired: a waiter wakes in the futex and then takes the mutex.
        attempts_.fetch_add(1, std::memory_order_release);
    }
    shm::futex_wake_all(attempts_);
}

Result<std::shared_ptr<WatchWaker>> Client::Impl::waker() {
    const std::lock_guard lock(waking_);
    if (auto waker = waker_.lock(); waker != nullptr && !waker->is_of_parent()) return waker;
    auto waker = std::make_shared<WatchWaker>(shared_from_this());
    if (auto started = waker->start(); !started) return started.error();
    waker_ = waker;
    return waker;
}

Result<void> Client::Impl::tell(const detail::Attachment& session,
                                const shm::RequestWriter::Message& message) {
    if (session.is_lost()) return {};
    auto mine = lane();
    if (!mine) return mine.error();
    if (&(*mine)->attachment() != &session) return {};
    detail::Channel& channel = (*mine)->channel();
    const std::uint64_t number = channel.next_number();
    auto sent = channel.send(number, channel.request.message(number, message), true, patience());
    channel.ring_doorbell();
    return sent;
}

}  // namespace ringside
