#pragma once

#include <stdexcept>
#include <string>

#include "tests/support/ws_client.hpp"
#include "tools/gateway/deepstream/wire/frame.hpp"

namespace ringside::testing {

/// A blocking deepstream client that sends and receives frames. Throws on errors.
class DeepstreamClient {
public:
    explicit DeepstreamClient(std::uint16_t port) : socket_(port, "/deepstream") {}
    DeepstreamClient(std::uint16_t port, const std::string& user) : DeepstreamClient(port) {
        log_in(user);
    }

    /// Sends the challenge and logs in as a user.
    void log_in(const std::string& user) {
        using namespace gateway::deepstream;
        send(message_of<wire::ConnectionMessage>(ConnectionAction::challenge));
        static_cast<void>(receive<wire::ConnectionMessage>());
        auto request = message_of<wire::AuthMessage>(AuthAction::request);
        request.set_data(R"({"username":")" + user + R"("})");
        send(request);
        if (receive<wire::AuthMessage>().action() !=
            static_cast<std::int32_t>(AuthAction::successful)) {
            throw std::runtime_error("not logged in");
        }
    }

    template <class Message>
    void send(const Message& message) {
        socket_.send_binary(
            gateway::deepstream::frame_of(gateway::deepstream::topic_of(&message), message));
    }
    void send_bytes(const std::string& frame) { socket_.send_binary(frame); }
    std::string receive_bytes() { return socket_.receive(); }

    /// Returns the next message, which must have that topic.
    template <class Message>
    Message receive() {
        const std::string frame = socket_.receive();
        const auto envelope = gateway::deepstream::open_frame(frame);
        Message message;
        const auto topic = static_cast<std::uint32_t>(gateway::deepstream::topic_of(&message));
        if (!envelope || envelope->topic != topic ||
            !message.ParseFromArray(envelope->message.data(),
                                    static_cast<int>(envelope->message.size()))) {
            throw std::runtime_error("another message than was expected");
        }
        return message;
    }

    /// See WsClient::pings_until.
    std::size_t pings_until(const std::string& text) { return socket_.pings_until(text); }

    unsigned close_code() { return socket_.close_code(); }

private:
    WsClient socket_;
};

}  // namespace ringside::testing
