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

/// What becomes of a call that was under way when its broker was replaced.
[[nodiscard]] inline Error lost_with_broker() {
    return {Errc::connection_lost, "its broker was replaced; it may have been carried out"};
}

/// A lane's two rings as its client uses them: requests go out, replies come in: those to commands
/// in their order, outcomes of calls at any time.
/// Belongs to one thread at a time; goes back to its attachment when that thread ends.
class Channel {
public:
    Channel(Attachment& attachment, std::size_t index);

    [[nodiscard]] std::size_t index() const noexcept { return index_; }
    [[nodiscard]] shm::LaneControl& control() const noexcept { return *control_; }
    /// Changes when the lane is given back: whoever uses the channel of a thread that has ended
    /// finds out by this.
    [[nodiscard]] std::uint64_t tenancy() const noexcept {
        return tenancy_.load(std::memory_order_relaxed);
    }
    void end_tenancy() noexcept;

    /// Where its thread says for which subjects it sleeps on `published`.
    [[nodiscard]] shm::HalfWord& watch_mask() const noexcept { return *watch_mask_; }

    /// The request under construction; `finish(next_number())` completes it.
    shm::RequestWriter request;
    [[nodiscard]] std::uint64_t next_number() noexcept { return ++number_; }

    /// Where what comes in goes that nobody waits for just now: to a pipeline, and to the calls
    /// that are under way. Each knows by the numbers what is its own. May be called in the middle
    /// of a `send`.
    /// They must not send, nor call the user, who might: they queue.
    std::function<void(const shm::ReplyView&)> on_reply;
    std::function<void(const shm::ReplyView&)> on_outcome;

    /// Puts the message of request `number` into the request ring and makes it visible. A full
    /// ring: waits, taking replies meanwhile, or gives would_block when `block` is false (then
    /// nothing was sent). One that takes several frames is sent again when the broker changes
    /// meanwhile: neither of the two may have had all of it, and the number tells if one had.
    /// Errors: would_block, timed_out, connection_lost, session_closed.
    /// `hint`: of the record that is written, see `RecordTableReader::hint_of`.
    Result<void> send(std::uint64_t number, ByteView message, bool block, const Patience& patience,
                      std::uint32_t hint = 0);

    /// Waits until the broker has taken all that was sent. Errors: as `await`.
    Result<void> await_taken(Deadline deadline, const Patience& patience);

    /// Wakes the engine if it sleeps; once after any number of `send`s.
    void ring_doorbell() const noexcept;

    /// Takes all that is there; how many.
    std::size_t take_replies();

    /// The next of what is there, and nothing behind it: valid until the next call. None: nothing.
    [[nodiscard]] std::optional<shm::ReplyView> take_one();

    /// Waits for the reply to request `number`; valid until the next call.
    /// Errors: timed_out (it may still come, and is then dropped), connection_lost, session_closed.
    Result<shm::ReplyView> await(std::uint64_t number, const Patience& patience);

    /// The same for a call. Further reason for connection_lost: its broker was replaced.
    Result<shm::ReplyView> await_outcome(std::uint64_t number, Deadline deadline,
                                         const Patience& patience);

    /// Whether the broker may have begun to carry out request `number`, as far as the words say
    /// that it has left in the lane. REQUIRES: the session is over, so that they do not change any
    /// more.
    [[nodiscard]] bool may_have_begun(std::uint64_t number) const noexcept;

    /// Calls up to this number that have no outcome yet will get none: their broker is gone.
    [[nodiscard]] std::uint64_t lost_up_to() const noexcept { return lost_up_to_; }

    /// Waits until something is there, or `or_when()`. Errors: as `await`.
    Result<void> await_any(Deadline deadline, const Patience& patience,
                           const std::function<bool()>& or_when = {});

    /// Makes `await_any` look at its `or_when`, which has come true before. From any thread.
    /// Whoever is just about to sleep looks when its slice is over (Patience).
    void wake() const noexcept;

private:
    Result<void> push(std::uint64_t number, ByteView message, bool block, const Patience& patience,
                      std::uint32_t hint);
    Result<shm::ReplyView> await_number(std::uint64_t number, bool is_call, Deadline deadline,
                                        const Patience& patience);
    /// The next whole message in `reply_`; false: none.
    [[nodiscard]] bool pop_reply();
    /// What `reply_` says; none: it is no reply.
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
    std::uint64_t sending_ = 0;  ///< number of the request that waits for room; 0: none
    std::uint64_t lost_up_to_ = 0;
    Bytes reply_;
    Bytes early_reply_;  ///< that came while its request was sent for the second time
};

}  // namespace ringside::detail
