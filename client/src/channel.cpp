#include "channel.hpp"

#include <optional>

#include "attachment.hpp"
#include "shm/wait/futex.hpp"
#include "shm/wait/spin.hpp"

namespace ringside::detail {

using Clock = std::chrono::steady_clock;

namespace {

/// How long one sleep lasts before the thread looks whether the broker is still there.
constexpr std::chrono::milliseconds slice{10};

}  // namespace

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
    std::optional<Clock::time_point> deadline;  // the clock costs more than what a free ring does
    for (std::size_t at = 0; at < message.size();) {
        const std::size_t size = std::min<std::size_t>(part_max, message.size() - at);
        const bool more = at + size < message.size();
        if (requests_.push(message.subspan(at, size), more, hint)) {
            at += size;
            continue;
        }
        if (requests_.peer_is_broken()) return Error(Errc::connection_lost, "its rings are broken");
        if (!block && at == 0) return Error(Errc::would_block);
        requests_.flush();
        ring_doorbell();
        take_replies();
        if (!deadline) deadline = Clock::now() + patience.timeout;
        const auto ready = [&] { return requests_.room() >= size || replies_.has_data(); };
        if (auto waited = wait(shm::SleepsOn::request_head, ready, *deadline, patience); !waited) {
            return waited;
        }
    }
    // Before the tail: the next broker takes requests up to this one for sent.
    control_->client.sent.store(number, std::memory_order_relaxed);
    requests_.flush();
    return {};
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
        is_reply_whole_ = !more;
        if (is_reply_whole_) return true;
    }
}

std::size_t Channel::take_replies() {
    std::size_t taken = 0;
    while (pop_reply()) {
        const auto reply = shm::ReplyView::parse(reply_);
        if (reply && on_reply) on_reply(*reply);
        ++taken;
    }
    return taken;
}

Result<shm::ReplyView> Channel::await(std::uint64_t number, const Patience& patience) {
    const auto deadline = Clock::now() + patience.timeout;
    // Taken already, by a `send` that had to put the request in twice.
    if (is_reply_whole_) {
        const auto reply = shm::ReplyView::parse(reply_);
        if (reply && reply->number() == number) return *reply;
    }
    for (;;) {
        while (pop_reply()) {
            const auto reply = shm::ReplyView::parse(reply_);
            if (!reply) return Error(Errc::bad_request, "the broker's reply is not one");
            if (reply->number() == number) return *reply;
            if (on_reply) on_reply(*reply);
        }
        if (auto waited = await_any(deadline, patience); !waited) return waited.error();
    }
}

Result<void> Channel::await_any(Clock::time_point deadline, const Patience& patience) {
    return wait(
        shm::SleepsOn::reply_tail, [this] { return replies_.has_data(); }, deadline, patience);
}

Result<void> Channel::wait(shm::SleepsOn place, const std::function<bool()>& ready,
                           Clock::time_point deadline, const Patience& patience) {
    for (shm::SpinWait spin(patience.spin);;) {
        if (ready()) return {};
        if (!spin.pause()) break;
    }
    const shm::HalfWord& word = place == shm::SleepsOn::reply_tail
                                    ? control_->broker_reply.reply_tail
                                    : control_->broker.request_head;
    for (;;) {
        const std::uint32_t seen = word.load(std::memory_order_acquire);
        // S1 of shm/wait/futex.hpp; S2 is the `ready` that follows.
        control_->client.reply_asleep.store(static_cast<std::uint32_t>(place),
                                            std::memory_order_seq_cst);
        std::atomic_thread_fence(std::memory_order_seq_cst);
        if (!ready()) shm::futex_wait_for(word, seen, slice);
        control_->client.reply_asleep.store(static_cast<std::uint32_t>(shm::SleepsOn::nothing),
                                            std::memory_order_relaxed);
        if (ready()) return {};
        if (attachment_->check_lost()) {
            if (ready()) return {};
            return attachment_->loss();
        }
        if (Clock::now() >= deadline) {
            return Error(Errc::timed_out, attachment_->is_orphan()
                                              ? "its broker is gone, and no other has come yet"
                                              : "the broker has not answered");
        }
    }
}

}  // namespace ringside::detail
