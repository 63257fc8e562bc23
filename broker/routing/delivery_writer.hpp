#pragma once

#include <vector>

#include "broker/session/lane.hpp"
#include "shm/protocol/reply.hpp"

namespace ringside::broker {

/// Delivers messages to lanes, and notes which lanes to flush at the end of the turn. Thread
/// safety: the engine thread only.
class DeliveryWriter {
public:
    using Delivery = shm::ReplyWriter::Delivery;

    explicit DeliveryWriter(std::vector<Lane*>& touched) noexcept : touched_(&touched) {}

    /// Returns false if the lane has no room now.
    [[nodiscard]] bool deliver(Lane& lane, const Delivery& delivery) {
        const bool is_in = lane.deliver(replies_.delivery(0, delivery));
        list(lane);
        return is_in;
    }
    /// Delivers a small message, which waits in the broker if the lane is full.
    void bring(Lane& lane, const Delivery& delivery) {
        lane.bring(replies_.delivery(0, delivery));
        list(lane);
    }
    /// Delivers the outcome of the call that was request `number` of its lane.
    void answer(Lane& lane, std::uint64_t number, wire::DeliveryKind kind, ByteView document) {
        const Error refusal(Errc::would_block, "the caller did not read the answer in time");
        const ByteView in_place = refusals_.refused(number, refusal, 0);
        lane.bring(replies_.delivery(number, {.kind = kind, .document = document}), in_place);
        list(lane);
    }
    void refuse(Lane& lane, std::uint64_t number, const Error& error) {
        lane.bring(refusals_.refused(number, error, 0));
        list(lane);
    }

    void list(Lane& lane) {
        if (!lane.is_touched || lane.is_listed) return;
        lane.is_listed = true;
        touched_->push_back(&lane);
    }

private:
    std::vector<Lane*>* touched_;
    shm::ReplyWriter replies_;
    shm::ReplyWriter refusals_;
};

}  // namespace ringside::broker
