#pragma once

#include <optional>

#include "channel.hpp"
#include "command.hpp"
#include "ringside/messaging.hpp"

namespace ringside::detail {

/// Returns the final outcome of a call. Nothing if the call must be sent again: its broker was
/// replaced and had certainly not started it.
[[nodiscard]] inline std::optional<Result<Answer>> outcome_of(const shm::ReplyView& reply) {
    if (reply.error() == Errc::not_applied) return std::nullopt;
    if (reply.error() != Errc::ok) return error_of(reply);
    const wire::Delivery* brought = reply.delivery();
    if (brought == nullptr) return Error(Errc::bad_request, "invalid reply from the broker");
    Bytes document;
    if (brought->document() != nullptr) {
        document.assign(brought->document()->begin(), brought->document()->end());
    }
    return Answer{Document::adopt(std::move(document)),
                  brought->kind() == wire::DeliveryKind::failure};
}

/// Notifies the broker that nobody waits for a call any longer. If the lane is full, sends nothing:
/// the call then ends at its deadline.
inline void send_cancel(Channel& channel, std::uint64_t call, const Patience& patience) {
    const std::uint64_t number = channel.next_number();
    const ByteView message =
        channel.request.message(number, {.kind = wire::MessageKind::cancel, .id = call});
    static_cast<void>(channel.send(number, message, false, patience));
    channel.ring_doorbell();
}

}  // namespace ringside::detail
