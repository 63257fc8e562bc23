#pragma once

#include <atomic>
#include <cstring>
#include <optional>
#include <span>

#include "shm/base/types.hpp"
#include "shm/segment/layout.hpp"

/// One direction of a lane: a single-producer single-consumer ring of bytes between two processes,
/// of which either may die, stall or lie at any moment.
///
/// A message travels as one or more frames, each `{u32 size, u32 more}` + size bytes, padded to 8.
/// Indices count bytes, free running modulo 2^32; the capacity is a power of two below 2^31.
///   P1  producer: room = capacity - (tail - head), head read with acquire
///   P2  producer: copies the frame in, wrapping at the end
///   P3  producer: tail += frame (release)
///   C1  consumer: available = tail - head, tail read with acquire
///   C2  consumer: copies the frame out, then looks at it
///   C3  consumer: head += frame (release)
/// Invariants: each side writes its own index only, from a private copy that it never reads back;
/// what the other side's index claims is checked (`available <= capacity`, sizes within it) before
/// use, so a peer that lies can spoil its own messages and nothing else. A peer that dies between
/// P2 and P3 has sent nothing.
namespace ringside::shm {

struct FrameHeader {
    std::uint32_t size;  ///< bytes of this frame after the header, without padding
    std::uint32_t more;  ///< 1: the message goes on in the next frame, 0: it ends here
};
static_assert(sizeof(FrameHeader) == 8);

/// Largest payload of one frame: a quarter of the ring, so that producer and consumer overlap.
constexpr std::uint32_t frame_bytes_max(std::uint32_t capacity) noexcept { return capacity / 4; }

class ByteRingProducer {
public:
    ByteRingProducer(std::byte* ring, std::uint32_t capacity, HalfWord& tail, const HalfWord& head) noexcept
        : ring_(ring), mask_(capacity - 1), tail_word_(&tail), head_word_(&head) {}

    /// Copies one frame in (P1, P2) without publishing it. False: no room now.
    /// `peer_is_broken()` tells when the other side's index cannot be true.
    [[nodiscard]] bool push(ByteView payload, bool more) noexcept;

    /// P3 for all frames pushed since the last flush.
    void flush() noexcept { tail_word_->store(tail_, std::memory_order_release); }

    /// Bytes that `push` can take as one frame now.
    [[nodiscard]] std::uint32_t room() noexcept;
    [[nodiscard]] bool peer_is_broken() const noexcept { return peer_is_broken_; }
    [[nodiscard]] std::uint32_t tail() const noexcept { return tail_; }

private:
    std::byte* ring_;
    std::uint32_t mask_;
    std::uint32_t tail_ = 0;
    std::uint32_t head_seen_ = 0;
    bool peer_is_broken_ = false;
    HalfWord* tail_word_;
    const HalfWord* head_word_;
};

class ByteRingConsumer {
public:
    ByteRingConsumer(const std::byte* ring, std::uint32_t capacity, const HalfWord& tail, HalfWord& head) noexcept
        : ring_(ring), mask_(capacity - 1), tail_word_(&tail), head_word_(&head) {}

    enum class Outcome { empty, frame, broken };

    /// Copies the next frame to the end of `out` (C1, C2) and moves past it, privately.
    /// `broken`: indices or sizes cannot be true, or `out` would pass `message_bytes_max`.
    /// `more` says whether the message goes on.
    [[nodiscard]] Outcome pop(Bytes& out, std::size_t message_bytes_max, bool& more) noexcept;

    /// C3: gives the room of what was popped back to the producer.
    void release() noexcept { head_word_->store(head_, std::memory_order_release); }

    /// Whether a frame may be there (one acquire load).
    [[nodiscard]] bool has_data() const noexcept {
        return tail_word_->load(std::memory_order_acquire) != head_;
    }
    [[nodiscard]] std::uint32_t head() const noexcept { return head_; }

private:
    const std::byte* ring_;
    std::uint32_t mask_;
    std::uint32_t head_ = 0;
    std::uint32_t tail_seen_ = 0;
    const HalfWord* tail_word_;
    HalfWord* head_word_;
};

}  // namespace ringside::shm
