#include <algorithm>

#include "call_outcome.hpp"
#include "calls_impl.hpp"

namespace ringside {

using detail::Clock;
using detail::Deadline;

Result<CallPipeline> Client::call_pipeline(CallPipeline::OnAnswer on_answer) {
    auto lane = impl_->lane_for_request();
    if (!lane) return lane.error();
    if ((*lane)->channel().on_outcome) {
        return Error(Errc::would_block,
                     "this thread already has a call pipeline; use that one, or close it first");
    }
    return CallPipeline(std::make_shared<CallPipeline::Impl>(impl_, **lane, std::move(on_answer)));
}

CallPipeline::Impl::Impl(std::shared_ptr<Client::Impl> client, detail::ThreadLane& lane,
                         OnAnswer on_answer)
    : client_(std::move(client)), on_answer_(std::move(on_answer)) {
    bind(lane);
}

CallPipeline::Impl::~Impl() {
    if (!has_channel()) return;
    channel_->on_outcome = nullptr;
    if (attachment_->is_lost()) return;
    for (const auto& [number, call] : open_) {
        detail::send_cancel(*channel_, number, client_->patience());
    }
}

void CallPipeline::Impl::bind(detail::ThreadLane& lane) {
    std::shared_ptr<detail::Attachment> former = lane.shared_attachment();
    {
        const std::lock_guard lock(binding_);
        std::swap(attachment_, former);
        channel_ = &lane.channel();
        tenancy_ = channel_->tenancy();
    }
    pulse_.emplace(*attachment_, client_->options().timeout);
    channel_->on_outcome = [this](const shm::ReplyView& reply) { take(reply); };
}

Error CallPipeline::Impl::loss() const {
    if (attachment_->is_lost()) return attachment_->loss();
    return {Errc::connection_lost, "the thread that owned these calls has ended"};
}

/// Moves all calls to the client's new session if the former session has ended.
Result<void> CallPipeline::Impl::make_usable() {
    if (is_usable() && attachment_->follow()) return {};
    end_all(loss());
    if (has_channel()) channel_->on_outcome = nullptr;
    auto lane = client_->lane_for_request();
    if (!lane) return lane.error();
    if ((*lane)->channel().on_outcome) {
        return Error(Errc::would_block,
                     "this thread already has a call pipeline; use that one, or close it first");
    }
    bind(**lane);
    return {};
}

Result<std::uint64_t> CallPipeline::Impl::call(std::string_view name, ByteView document,
                                               const CallOptions& options) {
    auto time = detail::CallTime::of(options);
    if (!time) return time.error();
    if (auto ready = make_usable(); !ready) return ready.error();
    if (pending() >= limits::calls_per_lane_max) {
        return Error(Errc::would_block, "too many calls are pending; take their answers first");
    }
    auto sent = send({tickets_ + 1, std::string(name), Bytes(document.begin(), document.end()),
                      options.idempotent, *time});
    if (!sent) return sent.error();
    return ++tickets_;
}

Result<void> CallPipeline::Impl::send(Open call) {
    const std::uint64_t number = channel_->next_number();
    look_at_ = std::min(look_at_, call.time.give_up_at());
    // Before sending: a large call that is sent twice may be answered in between.
    const auto at = open_.emplace(number, std::move(call)).first;
    const ByteView message =
        channel_->request.message(number, {.kind = wire::MessageKind::call,
                                           .name = at->second.name,
                                           .document = at->second.document,
                                           .timeout_ms = at->second.time.left_ms(Clock::now()),
                                           .is_idempotent = at->second.is_idempotent});
    auto sent = channel_->send(number, message, true, client_->patience());
    if (!sent) open_.erase(number);
    channel_->ring_doorbell();
    return sent;
}

/// Handles anything that arrives in the lane. Does not send, see Channel.
void CallPipeline::Impl::take(const shm::ReplyView& reply) {
    const wire::Delivery* brought = reply.delivery();
    if (brought != nullptr && brought->kind() == wire::DeliveryKind::reset) {
        take_reset(brought->id());
        return;
    }
    const auto call = open_.find(reply.number());
    if (call == open_.end()) return;  // for another request, or cancelled
    if (auto outcome = detail::outcome_of(reply)) {
        end(call, *std::move(outcome));
        return;
    }
    again_.push_back(std::move(call->second));
    open_.erase(call);
}

/// Ends or repeats the calls of a broker that is gone.
void CallPipeline::Impl::take_reset(std::uint64_t up_to) {
    for (auto call = open_.begin(); call != open_.end();) {
        const auto here = call++;
        if (here->first > up_to) continue;
        if (here->second.is_idempotent) {
            again_.push_back(std::move(here->second));
            open_.erase(here);
        } else {
            end(here, detail::lost_with_broker());
        }
    }
}

void CallPipeline::Impl::end(OpenCalls::iterator call, Result<Answer> answer) {
    ended_.push_back({call->second.ticket, std::move(answer)});
    open_.erase(call);
}

void CallPipeline::Impl::end_all(const Error& error) {
    while (!open_.empty()) end(open_.begin(), error);
    for (const Open& call : std::exchange(again_, {})) ended_.push_back({call.ticket, error});
}

void CallPipeline::Impl::cancel(std::uint64_t ticket) {
    const auto is_it = [&](const auto& call) { return call.ticket == ticket; };
    std::erase_if(ended_, is_it);
    std::erase_if(again_, is_it);
    const auto call = std::find_if(open_.begin(), open_.end(),
                                   [&](const auto& entry) { return is_it(entry.second); });
    if (call == open_.end()) return;
    const std::uint64_t number = call->first;
    open_.erase(call);
    if (is_usable()) detail::send_cancel(*channel_, number, client_->patience());
}

void CallPipeline::Impl::send_again() {
    for (Open& call : std::exchange(again_, {})) {
        const std::uint64_t ticket = call.ticket;
        if (auto sent = send(std::move(call)); !sent) ended_.push_back({ticket, sent.error()});
    }
}

/// Ends the calls whose time is over, and those whose time is kept by a broker that is gone.
void CallPipeline::Impl::give_up_late() {
    const auto now = Clock::now();
    if (!look_at_.has_passed(now)) return;
    look_at_ = Deadline::after(detail::Pulse::interval, now);
    const bool is_broker_gone = pulse_->is_gone(now);
    std::vector<std::uint64_t> late;
    for (const auto& [number, call] : open_) {
        if (call.time.is_over(now) || (call.time.is_left_to_broker() && is_broker_gone)) {
            late.push_back(number);
        } else {
            look_at_ = std::min(look_at_, call.time.give_up_at());
        }
    }
    for (const std::uint64_t number : late) {
        end(open_.find(number), Error(Errc::timed_out, "no answer from the broker"));
        detail::send_cancel(*channel_, number, client_->patience());
    }
}

std::size_t CallPipeline::Impl::poll() {
    if (!is_usable()) {
        end_all(loss());
    } else {
        channel_->take_replies();
        send_again();
        give_up_late();
    }
    return hand_out();
}

/// One at a time: a handler may call, cancel and poll, and may destroy the CallPipeline.
std::size_t CallPipeline::Impl::hand_out() {
    std::size_t handed = 0;
    for (; !ended_.empty() && !is_closed_; ++handed) {
        Ended ended = std::move(ended_.front());
        ended_.pop_front();
        if (on_answer_) on_answer_(ended.ticket, std::move(ended.answer));
    }
    return handed;
}

Result<std::size_t> CallPipeline::Impl::wait(Deadline until) {
    if (pending() == 0) return Error(Errc::would_block, "no call is pending");
    for (;;) {
        if (const std::size_t handed = poll(); handed > 0) return handed;
        if (pending() == 0 || is_closed_) return std::size_t{0};  // cancelled by a handler
        // SYNC interrupted: pairs with interrupt().
        if (is_interrupted_.exchange(false)) return std::size_t{0};
        if (until.has_passed()) return Error(Errc::timed_out);
        if (!is_usable()) continue;
        // The next `poll` detects the reason for the end of the wait.
        // SYNC interrupted: pairs with interrupt().
        static_cast<void>(channel_->await_any(std::min(until, look_at_),
                                              client_->patience_with_others(),
                                              [this] { return is_interrupted_.load(); }));
    }
}

CallPipeline::CallPipeline(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
CallPipeline::CallPipeline(CallPipeline&&) noexcept = default;
CallPipeline& CallPipeline::operator=(CallPipeline&& other) noexcept {
    if (this == &other) return *this;
    const CallPipeline former(std::move(*this));
    impl_ = std::move(other.impl_);
    return *this;
}
CallPipeline::~CallPipeline() {
    if (impl_ != nullptr) impl_->close();
}

Result<std::uint64_t> CallPipeline::call(std::string_view name, std::string_view json,
                                         const CallOptions& options) {
    auto document = detail::encode(json);
    if (!document) return document.error();
    return impl_->call(name, *document, options);
}
Result<std::uint64_t> CallPipeline::call(std::string_view name, const Document& document,
                                         const CallOptions& options) {
    return impl_->call(name, document.bytes(), options);
}
void CallPipeline::cancel(std::uint64_t ticket) { impl_->cancel(ticket); }
std::size_t CallPipeline::poll() {
    const auto kept = impl_;
    return kept->poll();
}
Result<std::size_t> CallPipeline::wait(std::chrono::milliseconds timeout) {
    const auto kept = impl_;
    return kept->wait(Deadline::after(timeout));
}
void CallPipeline::interrupt() noexcept { impl_->interrupt(); }
Result<void> CallPipeline::wait_all(std::chrono::milliseconds timeout) {
    const auto until = Deadline::after(timeout);
    const auto kept = impl_;
    while (kept->pending() > 0 && !kept->is_closed()) {
        if (auto waited = kept->wait(until); !waited) return waited.error();
    }
    return {};
}
std::size_t CallPipeline::pending() const noexcept { return impl_->pending(); }

}  // namespace ringside
