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

/// The broker's end of one lane: takes requests out of it, puts replies in.
///
/// A request is taken only while the reply ring has room for any plain reply, so that a client that
/// does not drain its replies stops itself and nobody else. A larger reply, of a transaction, is
/// kept here and sent in pieces; until it is out, no request is taken. What is brought unasked, or
/// as the outcome of a call, shares the reply ring, and leaves room for a plain reply in it. What
/// the client writes to the lane is checked by the rings; `is_broken` says that it lied.
///
/// What a lane takes of the broker's memory goes to the account of its session.
///
/// Thread safety: the engine thread only.
class Lane {
public:
    Lane(const shm::SessionMemoryView& memory, std::size_t index, MemoryAccount& account) noexcept;

    /// Continues where a former broker has stopped: `applied` are its commits of this lane, all of
    /// them if `is_complete`.
    void resume(const shm::ResumePoint& point, AppliedInLane applied, bool is_complete);

    /// Requests that are still in doubt since `resume`; null: none.
    [[nodiscard]] const InDoubt* in_doubt() const noexcept {
        return in_doubt_ ? &*in_doubt_ : nullptr;
    }
    void end_doubt() noexcept { in_doubt_.reset(); }
    /// Of the next request, if it is known to be there: `RecordTableReader::hint_of`, or 0.
    [[nodiscard]] std::uint32_t next_hint() const noexcept { return requests_.next_hint(); }

    /// Whether a former broker has served it: then its client may send a request twice.
    [[nodiscard]] bool was_resumed() const noexcept { return was_resumed_; }
    /// Whether all requests that are still in doubt are gone from the request ring.
    [[nodiscard]] bool has_only_doubts() const noexcept {
        return in_doubt_ && !is_message_kept_ && message_.empty() && !requests_.has_data();
    }
    [[nodiscard]] bool can_answer() noexcept {
        return !has_pending() && held_.size() < limits::held_replies_max && has_room_for_reply();
    }

    /// Whether a call of `take_frame` or `send_pending` has something to do.
    [[nodiscard]] bool is_ready() noexcept {
        return has_pending() ? replies_.room() >= piece_bytes_next()
                             : can_take() || can_bring_next();
    }

    /// Whether something waits that cannot go on now: for room in the reply ring.
    [[nodiscard]] bool is_held_up() const noexcept {
        return has_pending() || is_message_kept_ || requests_.has_data() || !undelivered_.empty();
    }

    enum class Taken {
        nothing,  ///< no frame is there, or no room for a reply
        part,     ///< a frame, but not the message's last
        message,  ///< `message()` is whole
        refused,  ///< the last frame of a message that was refused: see `refusal`
        broken,   ///< what is there cannot be a frame: see `fault`
    };

    /// Looks at one frame, and appends it to the message.
    [[nodiscard]] Taken take_frame();

    /// Why `take_frame` gave `broken`.
    [[nodiscard]] Error fault() const;

    /// Gives up the message of which a part has come: its bytes are released, the rest is skipped,
    /// and `take_frame` says `refused` when it is over. Returns false if the part that has come
    /// does not begin as a request does, so that nobody could be answered.
    [[nodiscard]] bool refuse_message(Errc why);
    [[nodiscard]] bool has_part() const noexcept { return !is_message_kept_ && !message_.empty(); }

    /// The request whose message was refused.
    struct RefusedMessage {
        std::uint64_t number = 0;
        Errc why = Errc::ok;
    };
    /// REQUIRES: `take_frame` gave `refused`.
    [[nodiscard]] const RefusedMessage& refusal() const noexcept { return *refused_; }

    /// Brings the account of its session up to date.
    void settle_account() noexcept;

    /// Bytes of the message so far; it is whole when `take_frame` said so.
    [[nodiscard]] ByteView message() const noexcept { return message_; }

    /// Lets the next `take_frame` give this message, or refusal, once more: its time has not come.
    void keep_message() noexcept { is_message_kept_ = true; }

    /// Makes place for the next message.
    void forget_message() noexcept;

    /// What follows changes the grid for this request.
    void begin(std::uint64_t number) noexcept {
        // relaxed: before the release that links the first version. A broker that dies after that
        // has stored this.
        control_->broker.begun.store(static_cast<std::uint32_t>(number), std::memory_order_relaxed);
    }

    /// Puts the reply to a request in, not yet visible. An empty one: nothing is to be said now.
    /// REQUIRES: nothing is pending.
    void answer(std::uint64_t number, ByteView reply);

    /// Whether `deliver` would take a message of so many bytes.
    [[nodiscard]] bool can_deliver(std::size_t bytes) noexcept;
    /// Puts a message in that is no reply in its turn. False: there is no room for it now.
    [[nodiscard]] bool deliver(ByteView message);
    /// The same, but keeps what there is no room for; `in_place_of` it where too much is kept.
    void bring(ByteView message, ByteView in_place_of);
    void bring(ByteView message) { bring(message, message); }
    /// Puts in what was kept, as far as there is room.
    void bring_kept();
    [[nodiscard]] bool has_undelivered() const noexcept { return !undelivered_.empty(); }

    /// A place in the lane's Claims for an offer; none: all are taken.
    [[nodiscard]] std::optional<std::uint32_t> take_claim();
    void give_back_claim(std::uint32_t place) noexcept { free_claims_.push_back(place); }
    [[nodiscard]] bool has_claim() const noexcept {
        return !free_claims_.empty() || claims_used_ < limits::calls_per_provider_max;
    }
    [[nodiscard]] shm::Word& claim(std::uint32_t place) const noexcept {
        return claims_->words[place];
    }

    /// Keeps a reply back until `revision` is on disk, and behind it all that follow.
    void hold(Revision revision, std::uint64_t number, ByteView reply);
    /// Whether replies have to go behind one that is kept back.
    [[nodiscard]] bool holds() const noexcept { return !held_.empty(); }
    /// Whether `release_held` would put in something.
    [[nodiscard]] bool can_release(Revision durable) noexcept {
        return holds() && held_.front().revision <= durable && !has_pending() &&
               has_room_for_reply();
    }
    /// Puts in the replies that need to wait no longer, as far as there is room.
    void release_held(Revision durable);
    /// Puts in what `refuse` makes of the number of each reply that is still kept back, the others
    /// as they are.
    template <class Refuse>
    void give_up_held(Revision durable, const Refuse& refuse) {
        while (holds() && !has_pending() && has_room_for_reply()) {
            const Held& first = held_.front();
            answer(first.number, first.revision <= durable ? ByteView(first.reply)
                                                           : ByteView(refuse(first.number)));
            drop_held();
        }
    }

    /// Puts in as much of a large reply as there is room for.
    void send_pending();
    [[nodiscard]] bool has_pending() const noexcept { return pending_at_ < pending_.size(); }

    /// Makes replies visible and gives back the room of what was taken.
    void flush() noexcept;

    /// Whether its client has got to see something since the last call.
    [[nodiscard]] bool take_news() noexcept { return std::exchange(has_news_, false); }

    [[nodiscard]] bool is_broken() const noexcept { return replies_.peer_is_broken(); }

    /// What the client's thread sleeps on, as it says.
    [[nodiscard]] shm::SleepsOn sleeps_on() const noexcept {
        // Compared only: a value that names nothing is no sleep.
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

    bool is_touched = false;  ///< to be flushed at the end of the turn
    bool is_listed = false;   ///< among those that the engine will flush
    /// What becomes visible must not come before the callers' `answered`: see
    /// `Engine::finish_turn`.
    bool has_offers = false;

    std::uint32_t first_call = 0;  ///< of those under way from here: see CallRouter; 0 = none
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
    // Lists, because a lane that has none of them takes no memory for them.
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
