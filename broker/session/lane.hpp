#pragma once

#include <list>
#include <optional>
#include <utility>
#include <vector>

#include "broker/session/in_doubt.hpp"
#include "broker/session/memory_account.hpp"
#include "shm/base/errc.hpp"
#include "shm/lane/byte_ring.hpp"
#include "shm/lane/resume_point.hpp"
#include "shm/lane/session_memory.hpp"

namespace ringside::broker {

/// The broker's end of one lane: takes requests and sends replies.
///
/// A request is taken only while the reply ring has room for a plain reply: any reply except that
/// of a transaction (`plain_reply_bytes_max`). A client that does not drain its replies therefore
/// stops only itself. If the reply of a transaction does not fit, it is buffered here and sent in
/// pieces. No request is taken until all of it is sent. Deliveries, such as call offers and call
/// outcomes, share the reply ring. A short delivery is sent only if a plain reply still fits
/// afterwards. A long one is sent in pieces, like a reply of a transaction, and requests wait until
/// all of it is sent. The rings check the indices and the frames that the client writes, but not
/// the contents of messages. `is_broken` reports an invalid index of the reply ring. `fault`
/// reports a violation in the request ring, including an invalid index.
///
/// The broker memory that a lane uses is charged to the account of its session.
class Lane {
public:
    Lane(const shm::SessionMemoryView& memory, std::size_t index, MemoryAccount& account) noexcept;

    /// Continues where a former broker stopped. `applied`: the commits of this lane's requests, as
    /// far as the change ring still holds them. `is_complete`: the ring holds every commit since
    /// the segment was created. The requests in doubt are those that the client had sent, and that
    /// the former broker had not answered. With `is_complete`, such a request was not applied if it
    /// has no commit. Otherwise the outcome of a request without a commit can be unknown: see
    /// InDoubt.
    void resume(const shm::ResumePoint& point, AppliedInLane applied, bool is_complete);

    /// Requests that are still in doubt since `resume`, or null.
    [[nodiscard]] const InDoubt* in_doubt() const noexcept {
        return in_doubt_ ? &*in_doubt_ : nullptr;
    }
    void end_doubt() noexcept {
        in_doubt_.reset();
        is_touched = true;  // so that its memory is released
    }
    /// Hint of the next request if its frame has arrived: `RecordTableReader::hint_of`, or 0.
    [[nodiscard]] std::uint32_t next_hint() const noexcept { return requests_.next_hint(); }

    /// Returns whether a former broker has served the lane, so that its client may repeat a
    /// request.
    [[nodiscard]] bool was_resumed() const noexcept { return was_resumed_; }
    /// Returns whether all requests that are still in doubt are gone from the request ring.
    [[nodiscard]] bool has_only_doubts() const noexcept {
        return in_doubt_ && !is_message_kept_ && message_.empty() && !requests_.has_data();
    }
    [[nodiscard]] bool can_answer() noexcept {
        return !has_pending() && held_.size() < limits::held_replies_max && has_room_for_reply();
    }

    /// Returns whether `take_frame` or `send_pending` has work.
    [[nodiscard]] bool is_ready() noexcept {
        return has_pending() ? replies_.room() >= piece_bytes_next()
                             : can_take() || can_bring_next();
    }

    /// Returns whether blocked work waits for room in the reply ring.
    [[nodiscard]] bool is_held_up() const noexcept {
        return has_pending() || is_message_kept_ || requests_.has_data() || !undelivered_.empty();
    }

    enum class Taken {
        nothing,  ///< no frame, or no room for a reply
        part,     ///< a frame, but not the message's last
        message,  ///< `message()` is complete
        refused,  ///< the last frame of a refused message: see `refusal`
        broken,   ///< the data is not a valid frame: see `fault`
    };

    /// Takes one frame, and appends it to the message.
    [[nodiscard]] Taken take_frame();

    /// Returns why `take_frame` returned `broken`.
    [[nodiscard]] Error fault() const;

    /// Refuses a partial message: releases its bytes and skips the rest. `take_frame` returns
    /// `refused` after its last frame. Returns false if the part does not start like a request, so
    /// that no reply is possible.
    [[nodiscard]] bool refuse_message(Errc why);
    [[nodiscard]] bool has_part() const noexcept { return !is_message_kept_ && !message_.empty(); }

    /// The request whose message was refused.
    struct RefusedMessage {
        std::uint64_t number = 0;
        Errc why = Errc::ok;
    };
    /// REQUIRES: `take_frame` returned `refused`.
    [[nodiscard]] const RefusedMessage& refusal() const noexcept { return *refused_; }

    /// Updates the charge on the account of the session.
    void settle_account() noexcept;

    /// Bytes of the message so far; complete after `take_frame` returned `message`.
    [[nodiscard]] ByteView message() const noexcept { return message_; }

    /// Makes the next `take_frame` return this message or refusal again, because it cannot be
    /// served yet.
    void keep_message() noexcept { is_message_kept_ = true; }

    /// Frees the message buffer for the next message.
    void forget_message() noexcept;

    /// Marks the point after which the broker changes the grid for this request.
    void begin(std::uint64_t number) noexcept {
        // relaxed: ordered before the release that links the first version. A broker that dies
        // after that release has stored this word.
        control_->broker.begun.store(static_cast<std::uint32_t>(number), std::memory_order_relaxed);
    }

    /// Adds the reply to a request, not yet visible. An empty reply sends nothing now. REQUIRES:
    /// nothing is pending.
    void answer(std::uint64_t number, ByteView reply);

    /// Returns whether `deliver` would accept a message of this size.
    [[nodiscard]] bool can_deliver(std::size_t bytes) noexcept;
    /// Adds a message that is not a reply. Returns false if there is no room for it now.
    [[nodiscard]] bool deliver(ByteView message);
    /// Same, but queues the message if there is no room. If too much is queued, queues
    /// `in_place_of` instead.
    void bring(ByteView message, ByteView in_place_of);
    void bring(ByteView message) { bring(message, message); }
    /// Sends queued messages as far as there is room.
    void bring_kept();
    [[nodiscard]] bool has_undelivered() const noexcept { return !undelivered_.empty(); }

    /// Takes a free entry of the lane's Claims for an offer. Returns none if all are taken.
    [[nodiscard]] std::optional<std::uint32_t> take_claim();
    void give_back_claim(std::uint32_t place) noexcept { free_claims_.push_back(place); }
    [[nodiscard]] bool has_claim() const noexcept {
        return !free_claims_.empty() || claims_used_ < limits::calls_per_provider_max;
    }
    [[nodiscard]] shm::Word& claim(std::uint32_t place) const noexcept {
        return claims_->words[place];
    }

    /// Defers a reply, and all replies after it, until `revision` is on disk.
    void hold(Revision revision, std::uint64_t number, ByteView reply);
    /// Returns whether replies must queue behind a deferred one.
    [[nodiscard]] bool holds() const noexcept { return !held_.empty(); }
    /// Returns whether `release_held` would send a reply.
    [[nodiscard]] bool can_release(Revision durable) noexcept {
        return holds() && held_.front().revision <= durable && !has_pending() &&
               has_room_for_reply();
    }
    /// Sends deferred replies that need to wait no longer, as far as there is room.
    void release_held(Revision durable);
    /// Sends all deferred replies as far as there is room. Replaces each reply whose revision is
    /// not durable by the result of `refuse` for its number.
    template <class Refuse>
    void give_up_held(Revision durable, const Refuse& refuse) {
        while (holds() && !has_pending() && has_room_for_reply()) {
            const Held& first = held_.front();
            answer(first.number, first.revision <= durable ? ByteView(first.reply)
                                                           : ByteView(refuse(first.number)));
            drop_held();
        }
    }

    /// Sends as much of a large reply as there is room for.
    void send_pending();
    [[nodiscard]] bool has_pending() const noexcept { return pending_at_ < pending_.size(); }

    /// Makes replies visible, and releases the ring space of the requests taken.
    void flush() noexcept;

    /// Returns whether new data became visible to the client since the last call.
    [[nodiscard]] bool take_news() noexcept { return std::exchange(has_news_, false); }

    [[nodiscard]] bool is_broken() const noexcept { return replies_.peer_is_broken(); }

    /// Returns what the client's thread sleeps on, as stated by the client.
    [[nodiscard]] shm::SleepsOn sleeps_on() const noexcept {
        // Only compared: an unknown value means that the client does not sleep.
        return static_cast<shm::SleepsOn>(
            shm::Untrusted<std::uint32_t>::load(control_->client.reply_asleep,
                                                std::memory_order_relaxed)
                .any());
    }
    /// The futex words of the client's thread.
    [[nodiscard]] const shm::HalfWord& reply_tail_word() const noexcept {
        return control_->broker_reply.reply_tail;
    }
    [[nodiscard]] const shm::HalfWord& request_head_word() const noexcept {
        return control_->broker.request_head;
    }

    /// Number of the last request that was answered.
    [[nodiscard]] std::uint64_t last_number() const noexcept { return last_number_; }
    void set_last_number(std::uint64_t number) noexcept { last_number_ = number; }

    bool is_touched = false;  ///< must be flushed at the end of the turn
    bool is_listed = false;   ///< in the engine's list of lanes to flush
    /// The lane's new data must not become visible before the callers' `answered`: see
    /// `Engine::finish_turn`.
    bool has_offers = false;

    std::uint32_t first_call = 0;  ///< first pending call of this lane: see CallRouter; 0 = none
    std::uint32_t calls = 0;

private:
    /// A reply that waits for the disk.
    struct Held {
        Revision revision = 0;
        std::uint64_t number = 0;
        Bytes reply;
    };

    [[nodiscard]] bool has_room_for_reply() noexcept;
    [[nodiscard]] bool can_take() noexcept {
        return !has_pending() && (is_message_kept_ || requests_.has_data()) &&
               held_.size() < limits::held_replies_max && has_room_for_reply();
    }
    [[nodiscard]] bool can_bring_next() noexcept {
        return !undelivered_.empty() && can_deliver(undelivered_.front().size());
    }
    void begin_pending(ByteView message, std::uint64_t number);
    void drop_held() noexcept;
    [[nodiscard]] std::uint32_t piece_bytes_next() const noexcept;

    shm::LaneControl* control_;
    shm::ByteRingConsumer requests_;
    shm::ByteRingProducer replies_;
    Bytes message_;
    Bytes pending_;
    std::size_t pending_at_ = 0;
    std::uint64_t last_number_ = 0;
    std::uint64_t pending_number_ = 0;   ///< of the request whose reply is sent in pieces
    std::uint64_t answered_number_ = 0;  ///< of the last request whose reply is in the ring
    std::optional<InDoubt> in_doubt_;
    // Lists, because an empty list allocates no memory.
    std::list<Held> held_;
    std::list<Bytes> undelivered_;
    std::size_t held_bytes_ = 0;
    std::size_t undelivered_bytes_ = 0;
    std::optional<RefusedMessage> refused_;
    MemoryAccount* account_;
    std::size_t charged_bytes_ = 0;
    shm::Claims* claims_;
    std::vector<std::uint32_t> free_claims_;
    std::uint32_t claims_used_ = 0;
    bool is_message_kept_ = false;
    bool was_resumed_ = false;
    bool has_news_ = false;
};

}  // namespace ringside::broker
