#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>

#include "shm/base/check.hpp"
#include "shm/base/types.hpp"
#include "shm/lane/resume_point.hpp"
#include "shm/lane/untrusted.hpp"
#include "shm/segment/layout.hpp"

/// One of the two directions of a lane: a single-producer single-consumer ring of bytes between two
/// processes. Either process may die, stall or send wrong data at any moment.
///
/// A message travels as one or more frames, each a FrameHeader `{u32 size, u32 flags}` + size
/// bytes, padded to 8. A consumer that replaces a dead one in the middle of a message skips the
/// rest of that message. Otherwise, a frame that continues a message without a first frame is a
/// violation. So is an empty frame in a message of several frames. A producer may send an
/// unfinished message again from its first frame, for example to a new consumer. The consumer then
/// discards the earlier frames. Indices count bytes, modulo 2^32; the capacity is a power of two
/// below 2^31.
///   P1  producer: room = capacity - (tail - head), head read with acquire
///   P2  producer: copies the frame in, wrapping at the end
///   P3  producer: tail := end of all frames copied so far (release)
///   C1  consumer: available = tail - head, tail read with acquire
///   C2  consumer: reads the header once, checks this copy, then copies the payload out
///   C3  consumer: head := end of the frames copied out (release)
/// Invariants: each side computes its own index in private memory, and only writes the shared word.
/// A process that replaces a producer or consumer reads both words once, through `RingIndices`,
/// which checks them. A side's own index is a multiple of 8, so a frame header never crosses the
/// end of the ring. Each side checks the other side's index before use: `tail - head <= capacity`,
/// and each frame lies within `available`. So a peer that sends wrong data can damage only its own
/// messages. Frames that a dead peer has copied in without P3 were not sent.
namespace ringside::shm {

struct FrameHeader {
    std::uint32_t size;   ///< bytes of this frame after the header, without padding
    std::uint32_t flags;  ///< two lowest bits; above them a hint with any value
    static constexpr std::uint32_t more = 1;       ///< the message continues in the next frame
    static constexpr std::uint32_t continued = 2;  ///< this is not the first frame of its message
    static constexpr std::uint32_t known_flags = more | continued;
};
static_assert(sizeof(FrameHeader) == 8);

/// Largest payload of a frame: a quarter of the ring, so that producer and consumer overlap.
constexpr std::uint32_t frame_bytes_max(std::uint32_t capacity) noexcept { return capacity / 4; }

/// Returns the size of a frame in the ring.
constexpr std::uint32_t frame_bytes(std::uint32_t payload_bytes) noexcept {
    return static_cast<std::uint32_t>(align_up(sizeof(FrameHeader) + payload_bytes, 8));
}

/// Producer's end. Thread safety: one thread, the only producer.
class ByteRingProducer {
public:
    ByteRingProducer(std::byte* ring, std::uint32_t capacity, HalfWord& tail,
                     const HalfWord& head) noexcept
        : ring_(ring), mask_(capacity - 1), tail_word_(&tail), head_word_(&head) {}

    /// Copies one frame in (P1, P2); `flush` publishes it (P3). Returns false, without effect, if
    /// there is no room now, or if the consumer's index is impossible. In the latter case
    /// `peer_is_broken()` is true.
    /// `more`: the message continues in the next frame.
    /// `hint`: for example a part of the hash of a name. It is sent in the frame's flags, without
    /// its two lowest bits; 0 means none. The consumer can read it before it takes the frame
    /// (`next_hint`), and prefetch the data that the message refers to.
    /// REQUIRES: payload.size() <= frame_bytes_max(capacity).
    [[nodiscard]] bool push(ByteView payload, bool more, std::uint32_t hint = 0) noexcept {
        check_that(payload.size() <= frame_bytes_max(capacity()),
                   "a frame is at most the largest frame size");
        const auto size = static_cast<std::uint32_t>(payload.size());
        const std::uint32_t frame = frame_bytes(size);
        if (frame > free_as_seen() && frame > look_for_free()) return false;
        const FrameHeader header{size, (more ? FrameHeader::more : 0U) |
                                           (is_in_message_ ? FrameHeader::continued : 0U) |
                                           (hint & ~FrameHeader::known_flags)};
        is_in_message_ = more;
        std::memcpy(ring_ + (tail_ & mask_), &header, sizeof header);
        copy_in(tail_ + static_cast<std::uint32_t>(sizeof header), payload);
        tail_ += frame;
        return true;
    }

    /// Makes the next frame the first of a message. An unfinished message is dropped.
    void begin_again() noexcept { is_in_message_ = false; }

    /// Continues at the indices of a former producer.
    void adopt(const RingIndices& indices) noexcept {
        check_that(indices.tail() % 8 == 0 && indices.tail() - indices.head() <= capacity(),
                   "ring indices are validated before use");
        tail_ = indices.tail();
        head_seen_ = indices.head();
    }

    /// P3 for all frames pushed since the last flush.
    // SYNC lane-request-tail: P3, pairs with C1: the frames before the tail are complete.
    void flush() noexcept { tail_word_->store(tail_, std::memory_order_release); }

    /// Returns the largest size that `push` can take as one frame now.
    [[nodiscard]] std::uint32_t room() noexcept {
        const std::uint32_t largest = frame_bytes_max(capacity());
        if (free_as_seen() < frame_bytes(largest)) look_for_free();
        // Whole words, so that the padding fits, too.
        const std::uint32_t free = free_as_seen() & ~7U;
        return free < sizeof(FrameHeader)
                   ? 0
                   : std::min(largest, free - static_cast<std::uint32_t>(sizeof(FrameHeader)));
    }
    [[nodiscard]] std::uint32_t capacity() const noexcept { return mask_ + 1; }
    [[nodiscard]] bool peer_is_broken() const noexcept { return peer_is_broken_; }
    [[nodiscard]] std::uint32_t tail() const noexcept { return tail_; }

private:
    [[nodiscard]] std::uint32_t free_as_seen() const noexcept {
        return capacity() - (tail_ - head_seen_);
    }

    /// P1. An impossible head is not stored: `free_as_seen` stays within the capacity.
    std::uint32_t look_for_free() noexcept {
        // SYNC lane-head: P1, pairs with C3: the consumer has copied out the bytes that are
        // overwritten next.
        const auto head =
            Untrusted<std::uint32_t>::load(*head_word_, std::memory_order_acquire)
                .checked([this](std::uint32_t index) { return tail_ - index <= capacity(); });
        if (head) head_seen_ = *head;
        else peer_is_broken_ = true;
        return peer_is_broken_ ? 0 : free_as_seen();
    }

    void copy_in(std::uint32_t index, ByteView payload) noexcept {
        const std::uint32_t at = index & mask_;
        const std::size_t until_end = capacity() - at;
        if (payload.size() <= until_end) [[likely]] {
            if (!payload.empty()) std::memcpy(ring_ + at, payload.data(), payload.size());
            return;
        }
        std::memcpy(ring_ + at, payload.data(), until_end);
        std::memcpy(ring_, payload.data() + until_end, payload.size() - until_end);
    }

    std::byte* ring_;
    std::uint32_t mask_;
    std::uint32_t tail_ = 0;
    std::uint32_t head_seen_ = 0;
    bool peer_is_broken_ = false;
    bool is_in_message_ = false;
    HalfWord* tail_word_;
    const HalfWord* head_word_;
};

/// Consumer's end. Thread safety: one thread, the only consumer.
class ByteRingConsumer {
public:
    ByteRingConsumer(const std::byte* ring, std::uint32_t capacity, const HalfWord& tail,
                     HalfWord& head) noexcept
        : ring_(ring), mask_(capacity - 1), tail_word_(&tail), head_word_(&head) {}

    enum class Outcome {
        empty,    ///< no frame is available
        frame,    ///< one more frame of the message in `out`
        skipped,  ///< a frame of a skipped message; `out` is unchanged
        broken,   ///< see `fault()`; nothing was taken, and the ring is unusable
    };

    /// Protocol violation by the peer, which ends the use of the ring.
    enum class Fault {
        none,
        sizes,      ///< an impossible index or size, or a message that is too large
        beginning,  ///< a frame continues a message that has not begun
        emptiness,  ///< an empty frame continues a message
    };

    /// Takes one frame: copies it to the end of `out` (C1, C2) and advances the private index. A
    /// message that starts again replaces the contents of `out`.
    /// `more`: whether the message continues.
    [[nodiscard]] Outcome pop(Bytes& out, std::size_t message_bytes_max, bool& more) {
        if (tail_seen_ == head_) {
            // SYNC lane-request-tail: C1, pairs with P3 of a client; the frames are complete.
            // SYNC lane-reply-tail: C1, pairs with BrokerReplyLine::store.
            tail_seen_ = Untrusted<std::uint32_t>::load(*tail_word_, std::memory_order_acquire)
                             .any();  // checked with each frame
            if (tail_seen_ == head_) return Outcome::empty;
        }
        check_that(head_ % 8 == 0, "a frame header does not wrap around the end of the ring");
        const std::uint32_t available = tail_seen_ - head_;
        const FrameHeader header = header_at_head();
        more = (header.flags & FrameHeader::more) != 0;
        const bool is_continued = (header.flags & FrameHeader::continued) != 0;
        if (!is_continued) {
            out.clear();
            skipped_bytes_ = 0;
        }
        const std::size_t before = position_ == Position::skipping ? skipped_bytes_ : out.size();
        if (available > capacity() || header.size > frame_bytes_max(capacity()) ||
            frame_bytes(header.size) > available ||
            header.size > message_bytes_max - std::min(message_bytes_max, before)) {
            return fail(Fault::sizes);
        }
        if (header.size == 0 && (more || is_continued)) return fail(Fault::emptiness);
        if (is_continued && position_ == Position::outside) return fail(Fault::beginning);
        const std::uint32_t at = head_ + static_cast<std::uint32_t>(sizeof header);
        head_ += frame_bytes(header.size);
        const bool is_skipped = is_continued && position_ == Position::skipping;
        if (!more) position_ = Position::outside;
        else if (!is_skipped) position_ = Position::inside;
        if (is_skipped) {
            skipped_bytes_ += header.size;
            return Outcome::skipped;
        }
        copy_out(at, header.size, out);
        return Outcome::frame;
    }

    [[nodiscard]] Fault fault() const noexcept { return fault_; }

    /// Skips the remaining frames of the current message.
    void skip_message() noexcept {
        if (position_ == Position::inside) position_ = Position::skipping;
    }

    /// Returns the hint of the next frame if that is known to be available; otherwise 0.
    [[nodiscard]] std::uint32_t next_hint() const noexcept {
        return tail_seen_ == head_ ? 0 : header_at_head().flags & ~FrameHeader::known_flags;
    }

    /// Continues at the indices of a former consumer, possibly in the middle of a message.
    void adopt(const RingIndices& indices) noexcept {
        check_that(indices.head() % 8 == 0, "ring indices are validated before use");
        head_ = tail_seen_ = indices.head();
        position_ = Position::skipping;
    }

    /// C3: returns the room of popped frames to the producer.
    // SYNC lane-head: C3, pairs with P1: the frames before the head have been copied out.
    void release() noexcept { head_word_->store(head_, std::memory_order_release); }

    /// Returns whether a frame may be available (at most one acquire load).
    [[nodiscard]] bool has_data() const noexcept {
        // SYNC lane-request-tail: as in `pop`.
        // SYNC lane-reply-tail: as in `pop`.
        return tail_seen_ != head_ || tail_word_->load(std::memory_order_acquire) != head_;
    }
    [[nodiscard]] std::uint32_t capacity() const noexcept { return mask_ + 1; }
    [[nodiscard]] std::uint32_t head() const noexcept { return head_; }

private:
    enum class Position {
        outside,   ///< the next frame starts a message
        inside,    ///< the current message is in the caller's `out`
        skipping,  ///< the rest of a message is skipped
    };

    [[nodiscard]] Outcome fail(Fault fault) noexcept {
        fault_ = fault;
        return Outcome::broken;
    }

    /// Read once, as one word, because the producer may change it at any time.
    [[nodiscard]] FrameHeader header_at_head() const noexcept {
        static_assert(sizeof(Word) == sizeof(FrameHeader));
        const auto& place = *reinterpret_cast<const Word*>(ring_ + (head_ & mask_));
        const std::uint64_t word = place.load(std::memory_order_relaxed);
        FrameHeader header{};
        std::memcpy(&header, &word, sizeof header);
        return header;
    }

    void copy_out(std::uint32_t index, std::uint32_t size, Bytes& out) const {
        const auto* bytes = reinterpret_cast<const Byte*>(ring_);
        const std::uint32_t at = index & mask_;
        const std::uint32_t until_end = capacity() - at;
        const std::uint32_t first = std::min(size, until_end);
        out.insert(out.end(), bytes + at, bytes + at + first);
        if (first < size) out.insert(out.end(), bytes, bytes + (size - first));
    }

    const std::byte* ring_;
    std::uint32_t mask_;
    std::uint32_t head_ = 0;
    std::uint32_t tail_seen_ = 0;
    Position position_ = Position::outside;
    Fault fault_ = Fault::none;
    std::size_t skipped_bytes_ = 0;  ///< of the skipped message
    const HalfWord* tail_word_;
    HalfWord* head_word_;
};

}  // namespace ringside::shm
