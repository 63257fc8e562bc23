#pragma once

#include <google/protobuf/message_lite.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tools/gateway/deepstream/wire/actions.hpp"
#include "tools/gateway/deepstream/wire/deepstream.pb.h"

/// A WebSocket frame holds one message of deepstream: its length as a varint, and then
/// `{topic: 2, message: 3}`, where `message` is a protobuf message of that topic.
namespace ringside::gateway::deepstream {

struct Envelope {
    std::uint32_t topic = 0;   ///< Topic, but any number may arrive
    std::string_view message;  ///< within the frame
};

/// Returns none if the frame holds no message. Ignores everything after the first message of a
/// frame.
[[nodiscard]] std::optional<Envelope> open_frame(std::string_view frame);

/// Returns whether JavaScript can represent every text of a client's message: see `is_client_text`.
[[nodiscard]] bool has_client_text(std::string_view message);

/// Appends the payload of a frame.
void append_frame(Topic topic, const google::protobuf::MessageLite& message, std::string& out);

[[nodiscard]] std::string frame_of(Topic topic, const google::protobuf::MessageLite& message);

/// Returns the topic of a message's type.
constexpr Topic topic_of(const wire::ParserMessage*) noexcept { return Topic::parser; }
constexpr Topic topic_of(const wire::ConnectionMessage*) noexcept { return Topic::connection; }
constexpr Topic topic_of(const wire::AuthMessage*) noexcept { return Topic::auth; }
constexpr Topic topic_of(const wire::EventMessage*) noexcept { return Topic::event; }
constexpr Topic topic_of(const wire::RecordMessage*) noexcept { return Topic::record; }
constexpr Topic topic_of(const wire::RpcMessage*) noexcept { return Topic::rpc; }
constexpr Topic topic_of(const wire::PresenceMessage*) noexcept { return Topic::presence; }

/// Creates a message with its action, to be completed.
template <class Message, class Action>
[[nodiscard]] Message message_of(Action action) {
    Message message;
    message.set_action(static_cast<std::int32_t>(action));
    return message;
}
/// Reports that a message about one name is not permitted, or that its rule could not be evaluated.
template <class Action, class Message>
[[nodiscard]] Message denial_of(const Message& message, const std::string& name, bool has_failed) {
    auto refusal =
        message_of<Message>(has_failed ? Action::message_permission_error : Action::message_denied);
    if (!name.empty()) refusal.set_name(name);
    refusal.set_is_error(true);
    refusal.set_original_action(message.action());
    if (message.has_correlation_id()) refusal.set_correlation_id(message.correlation_id());
    return refusal;
}
[[nodiscard]] inline wire::RecordMessage record_message(RecordAction action) {
    return message_of<wire::RecordMessage>(action);
}
[[nodiscard]] inline wire::EventMessage event_message(EventAction action) {
    return message_of<wire::EventMessage>(action);
}
[[nodiscard]] inline wire::RpcMessage rpc_message(RpcAction action) {
    return message_of<wire::RpcMessage>(action);
}
[[nodiscard]] inline wire::PresenceMessage presence_message(PresenceAction action) {
    return message_of<wire::PresenceMessage>(action);
}

}  // namespace ringside::gateway::deepstream
