#include "broker/session/lane.hpp"

#include <algorithm>
#include <utility>

#include "broker/session/decode.hpp"
#include "shm/base/crash_point.hpp"
#include "shm/protocol/reply.hpp"

namespace ringside::broker {

namespace {

/// Buffers larger than this are freed after use.
constexpr std::size_t kept_bytes_max = 16U << 10;

/// Estimated overhead of a list element.
constexpr std::size_t element_bytes = 96;

/// A large reply continues as soon as this much can be sent.
constexpr std::uint32_t piece_bytes_min = 4096;

}  // namespace

Lane::Lane(const shm::SessionMemoryView& memory, std::size_t index, MemoryAccount& account) noexcept
    : control_(&memory.lane(index)),
      requests_(memory.request_ring(index), shm::request_ring_bytes, control_->client.request_tail,
                control_->broker.request_head),
      replies_(memory.reply_ring(index), shm::reply_ring_bytes, control_->broker_reply.reply_tail,
               control_->client_reply.reply_head),
      account_(&account),
      claims_(&memory.claims(index)) {
    settle_account();
}

void Lane::resume(const shm::ResumePoint& point, AppliedInLane applied, bool is_complete) {
    requests_.adopt(point.requests);
    replies_.adopt(point.replies);
    // SYNC call-claim: pairs with P1 of shm::Claims: offers of the former broker are withdrawn.
    for (shm::Word& word : claims_->words) word.store(shm::Claims::free, std::memory_order_seq_cst);
    last_number_ = answered_number_ = point.answered;
    was_resumed_ = true;
    applied.discard_answered(point.answered);
    in_doubt_.emplace(std::move(applied), point.begun, point.sent, is_complete);
    settle_account();
}

bool Lane::has_room_for_reply() noexcept { return replies_.room() >= shm::plain_reply_bytes_max; }

Lane::Taken Lane::take_frame() {
    if (!can_take()) return Taken::nothing;
    if (std::exchange(is_message_kept_, false)) return refused_ ? Taken::refused : Taken::message;
    // A vector would double its capacity, which is twice the charged amount.
    const std::size_t frame_max = shm::frame_bytes_max(shm::request_ring_bytes);
    if (!message_.empty() && message_.capacity() - message_.size() < frame_max) {
        const std::size_t more_bytes = std::max(message_.size() / 4, frame_max);
        message_.reserve(std::min(message_.size() + more_bytes, limits::message_bytes_max));
    }
    bool more = false;
    switch (requests_.pop(message_, limits::message_bytes_max, more)) {
        case shm::ByteRingConsumer::Outcome::empty: return Taken::nothing;
        case shm::ByteRingConsumer::Outcome::broken: return Taken::broken;
        case shm::ByteRingConsumer::Outcome::skipped:
            is_touched = true;
            return refused_ && !more ? Taken::refused : Taken::part;
        case shm::ByteRingConsumer::Outcome::frame: break;
    }
    is_touched = true;
    refused_.reset();  // the client has started another message instead
    reach(CrashPoint::lane_taken);
    return more ? Taken::part : Taken::message;
}

Error Lane::fault() const {
    using Fault = shm::ByteRingConsumer::Fault;
    switch (requests_.fault()) {
        case Fault::beginning: return {Errc::bad_frame, "continuation frame without a message"};
        case Fault::emptiness: return {Errc::bad_frame, "empty continuation frame"};
        case Fault::sizes:
        case Fault::none: break;
    }
    return {Errc::bad_frame, "malformed frame in a request ring"};
}

bool Lane::refuse_message(Errc why) {
    const auto number = number_of_part(message_);
    if (!number) return false;
    refused_ = {*number, why};
    requests_.skip_message();
    Bytes().swap(message_);
    settle_account();
    return true;
}

void Lane::forget_message() noexcept {
    refused_.reset();
    message_.clear();
    if (message_.capacity() > kept_bytes_max) Bytes().swap(message_);
}

void Lane::settle_account() noexcept {
    const std::size_t bytes =
        sizeof(Lane) + message_.capacity() + pending_.capacity() + held_bytes_ +
        undelivered_bytes_ + element_bytes * (held_.size() + undelivered_.size()) +
        free_claims_.capacity() * sizeof(std::uint32_t) + (in_doubt_ ? in_doubt_->bytes() : 0);
    const std::size_t before = std::exchange(charged_bytes_, bytes);
    if (bytes > before) account_->charge(bytes - before);
    else if (bytes < before) account_->release(before - bytes);
}

void Lane::answer(std::uint64_t number, ByteView reply) {
    is_touched = true;
    if (reply.empty()) {
        answered_number_ = number;
        return;
    }
    const bool fits_a_frame = reply.size() <= shm::frame_bytes_max(shm::reply_ring_bytes);
    if (fits_a_frame && replies_.push(reply, false)) {
        has_news_ = true;
        answered_number_ = number;
        reach(CrashPoint::lane_answered);
        return;
    }
    begin_pending(reply, number);
}

/// Sends a message in pieces. The request of that number counts as answered afterwards.
void Lane::begin_pending(ByteView message, std::uint64_t number) {
    pending_number_ = number;
    pending_.assign(message.begin(), message.end());
    pending_at_ = 0;
    send_pending();
}

bool Lane::can_deliver(std::size_t bytes) noexcept {
    if (has_pending()) return false;
    const std::size_t frame_max = shm::frame_bytes_max(shm::reply_ring_bytes);
    const std::size_t first = std::min<std::size_t>(bytes, frame_max - shm::plain_reply_bytes_max);
    return replies_.room() >= first + shm::plain_reply_bytes_max;
}

bool Lane::deliver(ByteView message) {
    if (!can_deliver(message.size())) return false;
    is_touched = true;
    has_news_ = true;
    if (message.size() <=
            shm::frame_bytes_max(shm::reply_ring_bytes) - shm::plain_reply_bytes_max &&
        replies_.push(message, false)) {
        return true;
    }
    begin_pending(message, answered_number_);
    return true;
}

void Lane::bring(ByteView message, ByteView in_place_of) {
    if (undelivered_.empty() && deliver(message)) return;
    const bool is_too_much = undelivered_bytes_ + message.size() > limits::undelivered_bytes_max;
    const ByteView kept = is_too_much ? in_place_of : message;
    is_touched = true;
    undelivered_bytes_ += kept.size();
    undelivered_.emplace_back(kept.begin(), kept.end());
}

void Lane::bring_kept() {
    while (can_bring_next() && deliver(undelivered_.front())) {
        undelivered_bytes_ -= undelivered_.front().size();
        undelivered_.pop_front();
    }
}

std::optional<std::uint32_t> Lane::take_claim() {
    if (!free_claims_.empty()) {
        const std::uint32_t place = free_claims_.back();
        free_claims_.pop_back();
        return place;
    }
    if (claims_used_ == limits::calls_per_provider_max) return std::nullopt;
    return claims_used_++;
}

void Lane::hold(Revision revision, std::uint64_t number, ByteView reply) {
    is_touched = true;
    held_.push_back({revision, number, Bytes(reply.begin(), reply.end())});
    held_bytes_ += reply.size();
}

void Lane::drop_held() noexcept {
    held_bytes_ -= held_.front().reply.size();
    held_.pop_front();
}

void Lane::release_held(Revision durable) {
    while (can_release(durable)) {
        answer(held_.front().number, held_.front().reply);
        drop_held();
    }
}

std::uint32_t Lane::piece_bytes_next() const noexcept {
    const std::size_t left = pending_.size() - pending_at_;
    return static_cast<std::uint32_t>(std::min<std::size_t>(left, piece_bytes_min));
}

void Lane::send_pending() {
    while (has_pending()) {
        const std::uint32_t room = replies_.room();
        if (room < piece_bytes_next()) return;
        const std::size_t bytes = std::min<std::size_t>(room, pending_.size() - pending_at_);
        const bool more = pending_at_ + bytes < pending_.size();
        if (!replies_.push(ByteView(pending_).subspan(pending_at_, bytes), more)) return;
        pending_at_ += bytes;
        is_touched = true;
        has_news_ = true;
    }
    answered_number_ = std::max(answered_number_, pending_number_);
    pending_.clear();
    if (pending_.capacity() > kept_bytes_max) Bytes().swap(pending_);
    pending_at_ = 0;
}

void Lane::flush() noexcept {
    // `published` was stored before the replies: a client that sees a reply sees its commit.
    control_->broker_reply.store(replies_.tail(), answered_number_);
    reach(CrashPoint::lane_told);
    requests_.release();
    reach(CrashPoint::lane_flushed);
    is_touched = is_listed = has_offers = false;
}

}  // namespace ringside::broker
