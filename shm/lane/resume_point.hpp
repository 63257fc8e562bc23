#pragma once

#include <cstdint>
#include <optional>

#include "shm/lane/session_memory.hpp"
#include "shm/lane/untrusted.hpp"

namespace ringside::shm {

/// Head and tail of a byte ring as a former end has left them.
///
/// Invariants: both are multiples of the frames' alignment, and tail - head is at most the
/// capacity. So the bytes between them are inside the ring, and no frame header lies across its
/// end.
class RingIndices {
public:
    /// Returns none if the words violate the invariants.
    [[nodiscard]] static std::optional<RingIndices> parse(Untrusted<std::uint32_t> head,
                                                          Untrusted<std::uint32_t> tail,
                                                          std::uint32_t capacity) noexcept {
        const auto is_aligned = [](std::uint32_t index) { return index % 8 == 0; };
        const auto from = head.checked(is_aligned);
        const auto to = tail.checked(is_aligned);
        if (!from || !to || *to - *from > capacity) return std::nullopt;
        return RingIndices(*from, *to);
    }

    [[nodiscard]] std::uint32_t head() const noexcept { return head_; }
    [[nodiscard]] std::uint32_t tail() const noexcept { return tail_; }

private:
    RingIndices(std::uint32_t head, std::uint32_t tail) noexcept : head_(head), tail_(tail) {}
    std::uint32_t head_;
    std::uint32_t tail_;
};

/// Where one lane of a former broker continues. The client has had the memory to itself since that
/// broker died, so the words that the broker had written are no more trustworthy than its own.
struct ResumePoint {
    RingIndices requests;
    RingIndices replies;
    /// Number of the last request that was answered; `answered <= begun <= sent`.
    std::uint64_t answered = 0;
    std::uint64_t begun = 0;  ///< of the last request whose commit was begun
    std::uint64_t sent = 0;   ///< of the last request that is in the ring as a whole

    /// Returns none if no broker and client can have left the lane in this state, or more than
    /// `limits::doubtful_requests_max` requests have no answer.
    [[nodiscard]] static std::optional<ResumePoint> parse(const LaneControl& control) noexcept;

    /// The same for the rings alone, which is what a client's end continues with.
    [[nodiscard]] static std::optional<RingIndices> parse_requests(
        const LaneControl& control) noexcept;
    [[nodiscard]] static std::optional<RingIndices> parse_replies(
        const LaneControl& control) noexcept;
};

}  // namespace ringside::shm
