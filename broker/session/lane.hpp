#pragma once

#include "shm/lane/byte_ring.hpp"
#include "shm/lane/session_memory.hpp"

namespace ringside::broker {

/// The broker's end of one lane: takes requests out of it, puts replies in.
///
/// A request is taken only while the reply ring has room for any plain reply, so that a client that
/// does not drain its replies stops itself and nobody else. A larger reply, of a transaction, is
/// kept here and sent in pieces; until it is out, no request is taken.
/// What the client writes to the lane is checked by the rings; `is_broken` says that it lied.
///
/// Thread safety: the engine thread only.
class Lane {
public:
    Lane(const shm::SessionMemoryView& memory, std::size_t index) noexcept;

    /// Whether a call of `take_frame` or `send_pending` has something to do.
    [[nodiscard]] bool is_ready() noexcept {
        return has_pending() ? replies_.room() >= piece_bytes_next()
                             : requests_.has_data() && has_room_for_reply();
    }

    /// Whether something waits that cannot go on now: for room in the reply ring.
    [[nodiscard]] bool is_held_up() const noexcept { return has_pending() || requests_.has_data(); }

    enum class Taken {
        nothing,  ///< no frame is there, or no room for a reply
        part,     ///< a frame, but not the message's last
        message,  ///< `message()` is whole
        broken,   ///< what is there cannot be a frame
    };

    /// Takes one frame and appends it to the message.
    [[nodiscard]] Taken take_frame();

    /// Bytes of the message so far; it is whole when `take_frame` said so.
    [[nodiscard]] ByteView message() const noexcept { return message_; }

    /// Makes place for the next message.
    void forget_message() noexcept;

    /// Puts a reply in, not yet visible. REQUIRES: nothing is pending.
    void answer(ByteView reply);

    /// Puts in as much of a large reply as there is room for.
    void send_pending();
    [[nodiscard]] bool has_pending() const noexcept { return pending_at_ < pending_.size(); }

    /// Makes replies visible and gives back the room of what was taken.
    void flush() noexcept;

    [[nodiscard]] bool is_broken() const noexcept { return replies_.peer_is_broken(); }
    [[nodiscard]] const shm::LaneControl& control() const noexcept { return *control_; }

    /// Whether a request's number is the next of this lane; then it is taken for the last.
    [[nodiscard]] bool accept_number(std::uint64_t number) noexcept {
        if (number <= last_number_) return false;
        last_number_ = number;
        return true;
    }

    bool is_touched = false;  ///< to be flushed at the end of the turn

private:
    [[nodiscard]] bool has_room_for_reply() noexcept;
    [[nodiscard]] std::uint32_t piece_bytes_next() const noexcept;

    shm::LaneControl* control_;
    shm::ByteRingConsumer requests_;
    shm::ByteRingProducer replies_;
    Bytes message_;
    Bytes pending_;
    std::size_t pending_at_ = 0;
    std::uint64_t last_number_ = 0;
};

}  // namespace ringside::broker
