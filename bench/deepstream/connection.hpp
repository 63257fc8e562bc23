#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/descriptor.hpp"
#include "tools/gateway/deepstream/wire/frame.hpp"

namespace ringside::bench {

namespace wire = gateway::deepstream::wire;
using gateway::deepstream::EventAction;
using gateway::deepstream::RecordAction;
using gateway::deepstream::RpcAction;
using gateway::deepstream::Topic;

/// Encodes a client's WebSocket frame with these bytes. Its mask is zero, which costs nothing.
[[nodiscard]] std::string client_frame(std::string_view payload);

template <class Message>
[[nodiscard]] std::string frame_to_send(const Message& message) {
    return client_frame(gateway::deepstream::frame_of(
        gateway::deepstream::topic_of(static_cast<const Message*>(nullptr)), message));
}

/// The inspected part of a message of deepstream's protocol. All numbers are below 128.
struct Incoming {
    Topic topic;
    std::int32_t action;
    std::string_view payload;  ///< of the frame; invalid after the next frame

    template <class Action>
    [[nodiscard]] bool is(Topic wanted, Action wanted_action) const {
        return topic == wanted && action == static_cast<std::int32_t>(wanted_action);
    }
    /// Throws if the message is different.
    template <class Action>
    void expect(Topic wanted, Action wanted_action) const {
        if (!is(wanted, wanted_action)) refuse();
    }
    [[noreturn]] void refuse() const;
};

/// A logged-in, non-blocking client connection to a server of deepstream's protocol. Throws if the
/// server violates the protocol.
class Connection {
public:
    explicit Connection(std::uint16_t port);
    [[nodiscard]] int socket() const noexcept { return socket_.get(); }

    /// Queues a frame for the next `flush`.
    void add(std::string_view frame) { out_.append(frame); }
    /// Sends as much as there is room for.
    void flush();

    /// Calls `take` with all received messages.
    template <class Take>
    void receive(Take take) {
        while (fill()) {
            while (const auto payload = next_payload()) take(opened(*payload));
            if (is_empty_) return;
        }
    }
    /// Sends a message, and waits for one of that kind. Ignores other messages.
    template <class Action>
    void ask(std::string_view frame, Topic topic, Action action) {
        ask(frame, topic, static_cast<std::int32_t>(action));
    }

private:
    void ask(std::string_view frame, Topic topic, std::int32_t action);
    void begin_websocket(std::uint16_t port);
    void log_in(std::uint16_t port);
    /// Reads once. Returns false if nothing has arrived.
    bool fill();
    std::optional<std::string_view> next_payload();
    [[nodiscard]] static Incoming opened(std::string_view payload);
    void wait_until_readable() const;

    Descriptor socket_;
    std::string out_;
    std::size_t sent_ = 0;  ///< of out_
    std::vector<char> in_;
    std::size_t begin_ = 0;  ///< of the unprocessed bytes in in_
    std::size_t end_ = 0;
    bool is_empty_ = false;  ///< the last read took everything available
};

}  // namespace ringside::bench
