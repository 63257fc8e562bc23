#pragma once

#include <chrono>
#include <functional>

#include "shm/base/errc.hpp"
#include "shm/lane/byte_ring.hpp"
#include "shm/lane/session_memory.hpp"
#include "shm/protocol/reply.hpp"
#include "shm/protocol/request.hpp"

namespace ringside::detail {

class Attachment;

/// How long a thread waits, and how: spinning first, then asleep.
struct Patience {
    std::chrono::milliseconds timeout{5000};
    std::chrono::microseconds spin{50};
};

/// A lane's two rings as its client uses them: requests go out, replies come in, in order.
/// Belongs to one thread at a time; goes back to its attachment when that thread ends.
class Channel {
public:
    Channel(Attachment& attachment, std::size_t index);

    [[nodiscard]] std::size_t index() const noexcept { return index_; }
    [[nodiscard]] shm::LaneControl& control() const noexcept { return *control_; }
    /// Where its thread says for which subjects it sleeps on `published`.
    [[nodiscard]] shm::HalfWord& watch_mask() const noexcept { return *watch_mask_; }

    /// The request under construction; `finish(next_number())` completes it.
    shm::RequestWriter request;
    [[nodiscard]] std::uint64_t next_number() noexcept { return ++number_; }

    /// Where replies go that nobody waits for just now: those of a pipeline.
    std::function<void(const shm::ReplyView&)> on_reply;

    /// Puts the message of request `number` into the request ring and makes it visible. A full
    /// ring: waits, taking replies meanwhile, or gives would_block when `block` is false (then
    /// nothing was sent). One that takes several frames is sent again when the broker changes
    /// meanwhile: neither of the two may have had all of it, and the number tells if one had.
    /// Errors: would_block, timed_out, connection_lost, session_closed.
    /// `hint`: of the record that is written, see `RecordTableReader::hint_of`.
    Result<void> send(std::uint64_t number, ByteView message, bool block, const Patience& patience,
                      std::uint32_t hint = 0);

    /// Wakes the engine if it sleeps; once after any number of `send`s.
    void ring_doorbell() const noexcept;

    /// Takes the replies that are there; the last of them is what `awaited` sees, if it is its
    /// number.
    std::size_t take_replies();

    /// Waits for the reply to request `number` and gives its bytes, valid until the next call.
    /// Errors: timed_out (it may still come, and is then dropped), connection_lost, session_closed.
    Result<shm::ReplyView> await(std::uint64_t number, const Patience& patience);

    /// Waits until at least one reply is there. Errors: as `await`.
    Result<void> await_any(std::chrono::steady_clock::time_point deadline,
                           const Patience& patience);

private:
    Result<void> push(std::uint64_t number, ByteView message, bool block, const Patience& patience,
                      std::uint32_t hint);
    /// Sleeps a while for what `ready` looks for. Errors: timed_out, connection_lost,
    /// session_closed.
    Result<void> wait(shm::SleepsOn place, const std::function<bool()>& ready,
                      std::chrono::steady_clock::time_point deadline, const Patience& patience);
    /// The next whole reply in `reply_`; false: none.
    [[nodiscard]] bool pop_reply();

    Attachment* attachment_;
    std::size_t index_;
    shm::LaneControl* control_;
    shm::HalfWord* watch_mask_;
    shm::ByteRingProducer requests_;
    shm::ByteRingConsumer replies_;
    std::uint64_t number_ = 0;
    Bytes reply_;
    bool is_reply_whole_ = false;
};

}  // namespace ringside::detail
