#include "call_outcome.hpp"
#include "call_time.hpp"
#include "client_impl.hpp"

namespace ringside {

namespace {

using detail::Clock;
using shm::RequestWriter;

/// One call of a caller that waits for it in the calling thread's lane.
class WaitingCall {
public:
    WaitingCall(Client::Impl& client, std::string_view name, ByteView document,
                const CallOptions& options, detail::CallTime time) noexcept
        : client_(&client),
          message_{.name = name, .document = document, .is_idempotent = options.idempotent},
          time_(time) {}

    Result<Answer> run() {
        for (;;) {
            auto lane = client_->lane_for_request();
            if (!lane) return lane.error();
            auto answer = run_in((*lane)->channel(), (*lane)->attachment());
            if (answer || !may_go_on(**lane, answer.error().code)) return answer;
        }
    }

private:
    Result<Answer> run_in(detail::Channel& channel, const detail::Attachment& attachment) {
        for (;;) {
            number_ = channel.next_number();
            message_.timeout_ms = time_.left_ms(Clock::now());
            auto sent = channel.send(number_, channel.request.message(number_, message_), true,
                                     client_->patience());
            if (!sent) return sent.error();
            channel.ring_doorbell();
            auto reply = await(channel, attachment);
            if (!reply) {
                if (reply.error().code == Errc::timed_out) {
                    send_cancel(channel, number_, client_->patience());
                }
                return reply.error();
            }
            if (auto outcome = detail::outcome_of(*reply)) return *std::move(outcome);
        }
    }

    /// Returns whether to retry with the next broker, in this session or in another one.
    [[nodiscard]] bool may_go_on(const detail::ThreadLane& lane, Errc error) const {
        if (error != Errc::connection_lost || !message_.is_idempotent) return false;
        const bool was_replaced =
            lane.attachment().is_lost() || number_ <= lane.channel().lost_up_to();
        return was_replaced && client_->options().reconnect && !time_.is_over(Clock::now());
    }

    Result<shm::ReplyView> await(detail::Channel& channel, const detail::Attachment& attachment) {
        const auto patience = client_->patience_with_others();
        if (!time_.is_left_to_broker()) {
            return channel.await_outcome(number_, time_.give_up_at(), patience);
        }
        for (detail::Pulse pulse(attachment, patience.timeout);;) {
            auto reply = channel.await_outcome(
                number_, detail::Deadline::after(detail::Pulse::interval), patience);
            const bool is_late = !reply && reply.error().code == Errc::timed_out;
            if (!is_late || pulse.is_gone(Clock::now())) return reply;
        }
    }

    Client::Impl* client_;
    RequestWriter::Message message_;
    detail::CallTime time_;
    std::uint64_t number_ = 0;  ///< of the last request that was sent for it
};

Result<Answer> call(Client::Impl& client, std::string_view name, ByteView document,
                    const CallOptions& options) {
    auto time = detail::CallTime::of(options);
    if (!time) return time.error();
    return WaitingCall(client, name, document, options, *time).run();
}

}  // namespace

Result<Answer> Client::call(std::string_view name, std::string_view json,
                            const CallOptions& options) {
    auto document = detail::encode(json);
    if (!document) return document.error();
    return ringside::call(*impl_, name, *document, options);
}
Result<Answer> Client::call(std::string_view name, const Document& document,
                            const CallOptions& options) {
    return ringside::call(*impl_, name, document.bytes(), options);
}

}  // namespace ringside
