#include "client_impl.hpp"

#include <atomic>

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

/// One thread attaches, without the mutex; the others wait for it.
Result<std::shared_ptr<detail::Attachment>> Client::Impl::attach_until(
    Deadline deadline, std::chrono::milliseconds answer_time) {
    for (;;) {
        auto current = current_attachment();
        if (!current->is_lost() && current->follow()) return current;
        if (!options_.reconnect && !current->is_of_parent()) return current->loss();
        std::uint32_t seen = 0;
        if (begin_attaching(seen)) break;
        if (!current_attachment()->is_lost()) continue;  // another thread has attached meanwhile
        if (deadline.has_passed()) return Error(Errc::no_broker, "another thread is attaching");
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
    auto made = detail::Attachment::make(terms_of(options_), deadline, answer_time);
    if (made) attempt.session = *made;
    return made;
}

/// Returns false if another thread is attaching, or has just done so: `seen` is what to wait on.
bool Client::Impl::begin_attaching(std::uint32_t& seen) {
    const std::lock_guard lock(mutex_);
    seen = attempts_.load(std::memory_order_relaxed);
    if (!attachment_->is_lost() || attaching_in_ == detail::fork_generation()) return false;
    attaching_in_ = detail::fork_generation();
    return true;
}

/// Takes a new session over, if there is one; `made` is the former one then, to be released by the
/// caller: that may wait.
void Client::Impl::end_attaching(std::shared_ptr<detail::Attachment>& made) {
    {
        const std::lock_guard lock(mutex_);
        if (made != nullptr) std::swap(attachment_, made);
        attaching_in_.reset();
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
