#pragma once

#include <cstdint>
#include <optional>

#include "shm/lane/session_memory.hpp"
#include "shm/lane/untrusted.hpp"

namespace ringside::shm {

/// Head and tail of a byte ring, as left by a former end.
///
/// Invariant: both are multiples of the frame alignment, and tail - head is at most the capacity.
/// So the bytes between them are inside the ring, and no frame header crosses its end.
class RingIndices {
public:
    /// Returns nothing if the words violate the invariants.
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

/// Where a lane of a former broker continues. The client has been the only user of the memory since
/// that broker died. So the broker's words are as untrusted as the client's.
struct ResumePoint {
    RingIndices requests;
    RingIndices replies;
    /// Number of the last answered request; `answered <= begun <= sent`.
    std::uint64_t answered = 0;
    std::uint64_t begun = 0;  ///< of the last request whose commit was started
    std::uint64_t sent = 0;   ///< of the last request that is complete in the ring

    /// Returns nothing if the state is impossible for any broker and client, or if more than
    /// `limits::doubtful_requests_max` requests have no answer.
    [[nodiscard]] static std::optional<ResumePoint> parse(const LaneControl& control) noexcept;

    /// Same for the rings only, as a client's end needs it.
    [[nodiscard]] static std::optional<RingIndices> parse_requests(
        const LaneControl& control) noexcept;
    [[nodiscard]] static std::optional<RingIndices> parse_replies(
        const LaneControl& control) noexcept;
};

}  // namespace ringside::shm
