#include "channel.hpp"

#include <algorithm>

#include "attachment.hpp"

namespace ringside::detail {

Channel::Channel(Attachment& attachment, std::size_t index)
    : attachment_(&attachment),
      index_(index),
      control_(&attachment.memory().lane(index)),
      watch_mask_(&attachment.memory().control().watch_masks[index]),
      requests_(attachment.memory().request_ring(index), shm::request_ring_bytes,
                control_->client.request_tail, control_->broker.request_head),
      replies_(attachment.memory().reply_ring(index), shm::reply_ring_bytes,
               control_->broker_reply.reply_tail, control_->client_reply.reply_head) {}

Result<void> Channel::send(std::uint64_t number, ByteView message, bool block,
                           const Patience& patience, std::uint32_t hint) {
    if (message.size() > limits::message_bytes_max) return Error(Errc::transaction_too_large);
    const bool is_one_frame = message.size() <= shm::frame_bytes_max(shm::request_ring_bytes);
    early_reply_.clear();
    for (;;) {
        const std::uint64_t resumptions = attachment_->resumptions();
        requests_.begin_again();
        if (auto pushed = push(number, message, block, patience, hint); !pushed) return pushed;
        if (is_one_frame || attachment_->resumptions() == resumptions) return {};
    }
}

Result<void> Channel::push(std::uint64_t number, ByteView message, bool block,
                           const Patience& patience, std::uint32_t hint) {
    const std::uint32_t part_max = shm::frame_bytes_max(shm::request_ring_bytes);
    std::optional<Deadline> deadline;  // the clock costs more than a ring with room
    for (std::size_t at = 0; at < message.size();) {
        const std::size_t size = std::min<std::size_t>(part_max, message.size() - at);
        const bool more = at + size < message.size();
        if (requests_.push(message.subspan(at, size), more, hint)) {
            at += size;
            continue;
        }
        if (requests_.peer_is_broken())
            return Error(Errc::connection_lost, "the session's rings are corrupt");
        if (!block && at == 0) return Error(Errc::would_block);
        requests_.flush();
        ring_doorbell();
        sending_ = number;
        take_replies();
        sending_ = 0;
        if (!deadline) deadline = Deadline::after(patience.timeout);
        const auto ready = [&] { return requests_.room() >= size || replies_.has_data(); };
        const SleepPlace place{&control_->broker.request_head, &control_->client.reply_asleep,
                               shm::SleepsOn::request_head};
        if (auto waited = wait_until_ready(*attachment_, place, ready, *deadline, patience);
            !waited) {
            return waited;
        }
    }
    // Before the tail: the next broker treats requests up to this one as sent.
    control_->client.sent.store(number, std::memory_order_relaxed);
    requests_.flush();
    return {};
}

Result<void> Channel::await_taken(Deadline deadline, const Patience& patience) {
    const shm::HalfWord& head = control_->broker.request_head;
    // SYNC lane-head: pairs with C3 of the broker.
    const auto ready = [&] { return head.load(std::memory_order_acquire) == requests_.tail(); };
    return wait_until_ready(*attachment_,
                            {&head, &control_->client.reply_asleep, shm::SleepsOn::request_head},
                            ready, deadline, patience);
}

void Channel::end_tenancy() noexcept {
    on_reply = nullptr;
    on_outcome = nullptr;
    tenancy_.fetch_add(1, std::memory_order_relaxed);
}

bool Channel::may_have_begun(std::uint64_t number) const noexcept {
    // Low half of a number.
    // SYNC unpaired: Lane::begin stores relaxed; the end of the session comes between.
    const std::uint32_t begun = control_->broker.begun.load(std::memory_order_acquire);
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(number) - begun) <= 0;
}

void Channel::ring_doorbell() const noexcept { attachment_->ring_doorbell(); }

bool Channel::pop_reply() {
    for (;;) {
        bool more = false;
        if (replies_.pop(reply_, limits::message_bytes_max, more) !=
            shm::ByteRingConsumer::Outcome::frame) {
            return false;
        }
        replies_.release();
        if (!more) return true;
    }
}

std::optional<shm::ReplyView> Channel::parse_reply() {
    const auto reply = shm::ReplyView::parse(reply_);
    if (!reply) return std::nullopt;
    const wire::Delivery* delivery = reply->delivery();
    if (delivery != nullptr && delivery->kind() == wire::DeliveryKind::reset) {
        lost_up_to_ = std::max(lost_up_to_, delivery->id());
    }
    return reply;
}

void Channel::hand_out(const shm::ReplyView& reply) const {
    if (on_outcome) on_outcome(reply);
    if (on_reply) on_reply(reply);
}

std::size_t Channel::take_replies() {
    std::size_t taken = 0;
    while (pop_reply()) {
        ++taken;
        const auto reply = parse_reply();
        if (!reply) continue;
        if (sending_ != 0 && reply->number() == sending_) early_reply_ = reply_;
        hand_out(*reply);
    }
    return taken;
}

std::optional<shm::ReplyView> Channel::take_one() {
    while (pop_reply()) {
        if (const auto reply = parse_reply()) return reply;
    }
    return std::nullopt;
}

Result<shm::ReplyView> Channel::await(std::uint64_t number, const Patience& patience) {
    return await_number(number, false, Deadline::after(patience.timeout), patience);
}

Result<shm::ReplyView> Channel::await_outcome(std::uint64_t number, Deadline deadline,
                                              const Patience& patience) {
    return await_number(number, true, deadline, patience);
}

Result<shm::ReplyView> Channel::await_number(std::uint64_t number, bool is_call, Deadline deadline,
                                             const Patience& patience) {
    if (!early_reply_.empty()) {
        const auto early = shm::ReplyView::parse(early_reply_).value();
        if (early.number() == number) return early;
    }
    for (;;) {
        while (pop_reply()) {
            const auto reply = parse_reply();
            if (!reply) return Error(Errc::bad_request, "invalid reply from the broker");
            if (reply->number() == number) return *reply;
            hand_out(*reply);
        }
        if (is_call && number <= lost_up_to_) return lost_with_broker();
        if (auto waited = await_any(deadline, patience); !waited) return waited.error();
    }
}

Result<void> Channel::await_any(Deadline deadline, const Patience& patience,
                                const std::function<bool()>& or_when) {
    const SleepPlace place{&control_->broker_reply.reply_tail, &control_->client.reply_asleep,
                           shm::SleepsOn::reply_tail};
    const auto ready = [&] { return replies_.has_data() || (or_when && or_when()); };
    return wait_until_ready(*attachment_, place, ready, deadline, patience);
}

void Channel::wake() const noexcept { shm::futex_wake_all(control_->broker_reply.reply_tail); }

}  // namespace ringside::detail
