#include "shm/lane/resume_point.hpp"

#include "shm/base/limits.hpp"

namespace ringside::shm {

namespace {

/// Pairs with the release by the end that wrote the word, before its broker or client died.
Untrusted<std::uint32_t> index_in(const HalfWord& word) noexcept {
    // SYNC lane-request-tail: pairs with P3; `sent` and the frames before the tail are visible.
    // SYNC lane-reply-tail: pairs with BrokerReplyLine::store.
    // SYNC lane-head: pairs with C3.
    return Untrusted<std::uint32_t>::load(word, std::memory_order_acquire);
}

}  // namespace

std::optional<RingIndices> ResumePoint::parse_requests(const LaneControl& control) noexcept {
    return RingIndices::parse(index_in(control.broker.request_head),
                              index_in(control.client.request_tail), request_ring_bytes);
}

std::optional<RingIndices> ResumePoint::parse_replies(const LaneControl& control) noexcept {
    return RingIndices::parse(index_in(control.client_reply.reply_head),
                              index_in(control.broker_reply.reply_tail), reply_ring_bytes);
}

std::optional<ResumePoint> ResumePoint::parse(const LaneControl& control) noexcept {
    const auto requests = parse_requests(control);
    const auto replies = parse_replies(control);
    if (!requests || !replies) return std::nullopt;
    // Low halves of numbers: any value gives a number of requests before `sent`.
    const std::uint32_t answered = index_in(control.broker_reply.answered).any();
    const std::uint32_t begun = index_in(control.broker.begun).any() - answered;
    // SYNC unpaired: the client stores `sent` before its tail, which parse_requests has loaded.
    const auto sent =
        Untrusted<std::uint64_t>::load(control.client.sent, std::memory_order_acquire)
            .checked([answered](std::uint64_t number) {
                const std::uint32_t unanswered = static_cast<std::uint32_t>(number) - answered;
                return unanswered <= limits::doubtful_requests_max && unanswered <= number;
            });
    if (!sent) return std::nullopt;
    const std::uint32_t unanswered = static_cast<std::uint32_t>(*sent) - answered;
    const std::uint64_t answered_number = *sent - unanswered;
    // Zero if the last started request was answered.
    const std::uint64_t begun_number = answered_number + (begun <= unanswered ? begun : 0);
    return ResumePoint{*requests, *replies, answered_number, begun_number, *sent};
}

}  // namespace ringside::shm
