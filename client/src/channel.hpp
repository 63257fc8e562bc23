#pragma once

#include <atomic>
#include <functional>
#include <optional>

#include "patience.hpp"
#include "shm/base/errc.hpp"
#include "shm/lane/byte_ring.hpp"
#include "shm/lane/session_memory.hpp"
#include "shm/protocol/reply.hpp"
#include "shm/protocol/request.hpp"

namespace ringside::detail {

class Attachment;

/// Outcome of a call that was in progress when its broker was replaced.
[[nodiscard]] inline Error lost_with_broker() {
    return {Errc::connection_lost,
            "the broker was replaced and may have carried out the request; check its effect before "
            "you retry"};
}

/// Client's end of a lane's two rings. Replies to commands arrive in order, outcomes of calls at
/// any time. Belongs to one thread at a time; returns to its attachment when that thread ends.
class Channel {
public:
    Channel(Attachment& attachment, std::size_t index);

    [[nodiscard]] std::size_t index() const noexcept { return index_; }
    [[nodiscard]] shm::LaneControl& control() const noexcept { return *control_; }
    /// Changes when the lane is returned. So a user of the channel can detect that its thread has
    /// ended.
    [[nodiscard]] std::uint64_t tenancy() const noexcept {
        return tenancy_.load(std::memory_order_relaxed);
    }
    void end_tenancy() noexcept;

    /// Word in which the thread announces the subjects for which it sleeps on `published`.
    [[nodiscard]] shm::HalfWord& watch_mask() const noexcept { return *watch_mask_; }

    /// The request under construction; `finish(next_number())` completes it.
    shm::RequestWriter request;
    [[nodiscard]] std::uint64_t next_number() noexcept { return ++number_; }

    /// Receivers of replies that no call waits for: a pipeline and the pending calls. They
    /// recognize replies by number. They may be called during a `send`. They must queue replies.
    /// They must not send, and must not call the user, who might send.
    std::function<void(const shm::ReplyView&)> on_reply;
    std::function<void(const shm::ReplyView&)> on_outcome;

    /// Copies the message of request `number` into the request ring and publishes it. If the ring
    /// is full, waits and takes replies meanwhile. If `block` is false, returns would_block
    /// instead, with nothing sent.
    /// A message of several frames is sent again if the broker changes meanwhile. Possibly neither
    /// broker has received all of it; the number shows whether one has.
    /// Errors: would_block, timed_out, connection_lost, session_closed.
    /// `hint`: of the written record, see `RecordTableReader::hint_of`.
    Result<void> send(std::uint64_t number, ByteView message, bool block, const Patience& patience,
                      std::uint32_t hint = 0);

    /// Waits until the broker has taken all sent messages. Errors: those of `await`.
    Result<void> await_taken(Deadline deadline, const Patience& patience);

    /// Wakes the engine if it sleeps. Call it once after any number of `send` calls.
    void ring_doorbell() const noexcept;

    /// Takes all available replies and returns their number.
    std::size_t take_replies();

    /// Takes only the next available reply, which is valid until the next call; nothing if there is
    /// none.
    [[nodiscard]] std::optional<shm::ReplyView> take_one();

    /// Waits for the reply to request `number`, which is valid until the next call.
    /// Errors: timed_out (a later reply is dropped), connection_lost, session_closed.
    Result<shm::ReplyView> await(std::uint64_t number, const Patience& patience);

    /// Same for a call. connection_lost also means that its broker was replaced.
    Result<shm::ReplyView> await_outcome(std::uint64_t number, Deadline deadline,
                                         const Patience& patience);

    /// Returns whether a broker may have started request `number`, according to the words that it
    /// left in the lane. REQUIRES: the session has ended, so that the words no longer change.
    [[nodiscard]] bool may_have_begun(std::uint64_t number) const noexcept;

    /// Pending calls up to this number will get no outcome: their broker is gone.
    [[nodiscard]] std::uint64_t lost_up_to() const noexcept { return lost_up_to_; }

    /// Waits until a reply is available or `or_when()` is true. Errors: those of `await`.
    Result<void> await_any(Deadline deadline, const Patience& patience,
                           const std::function<bool()>& or_when = {});

    /// Makes `await_any` check its `or_when`, which must already be true. May be called from any
    /// thread. A thread that is about to sleep checks when its slice is over (see Patience).
    void wake() const noexcept;

private:
    Result<void> push(std::uint64_t number, ByteView message, bool block, const Patience& patience,
                      std::uint32_t hint);
    Result<shm::ReplyView> await_number(std::uint64_t number, bool is_call, Deadline deadline,
                                        const Patience& patience);
    /// Copies the next complete message to `reply_`; returns false if there is none.
    [[nodiscard]] bool pop_reply();
    /// Parses `reply_`; returns nothing if it is not a reply.
    [[nodiscard]] std::optional<shm::ReplyView> parse_reply();
    void hand_out(const shm::ReplyView& reply) const;

    Attachment* attachment_;
    std::size_t index_;
    std::atomic<std::uint64_t> tenancy_ = 0;
    shm::LaneControl* control_;
    shm::HalfWord* watch_mask_;
    shm::ByteRingProducer requests_;
    shm::ByteRingConsumer replies_;
    std::uint64_t number_ = 0;
    std::uint64_t sending_ = 0;  ///< number of the request that waits for room; 0 = none
    std::uint64_t lost_up_to_ = 0;
    Bytes reply_;
    Bytes early_reply_;  ///< received while its request was sent for the second time
};

}  // namespace ringside::detail
