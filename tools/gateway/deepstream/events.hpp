#pragma once

#include <memory>
#include <string>

#include "shm/base/keyed_hash.hpp"
#include "tools/gateway/deepstream/echo_filter.hpp"
#include "tools/gateway/deepstream/hub.hpp"
#include "tools/gateway/deepstream/wire/frame.hpp"
#include "tools/gateway/watch/subscription.hpp"

namespace ringside::gateway::deepstream {

class Session;

/// Encodes an event as EMIT. See payload.hpp for events without data.
[[nodiscard]] EncodedChange event_frame(const WatchEvent& event, const JsonPointer& pointer);

/// The events of one connection: those that it emits and those that it receives. They are events of
/// the grid. Events of one connection are delivered in the order in which it has emitted them, and
/// in order with its writes.
class Events {
public:
    explicit Events(Session& session) noexcept : session_(session) {}

    void take(const wire::EventMessage& message);
    void tell(const Subscription& subscription, const EchoFilter::Text& text);
    /// Resumes when the connection has room again.
    void go_on();
    void clear() { watched_.clear(); }
    /// Calls `Subscription::adopt` for every subscription.
    [[nodiscard]] bool adopt(const Requester& requester);
    /// Returns whether a subscription is one to events.
    [[nodiscard]] static bool has(const Subscription& subscription) noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return watched_.size(); }

private:
    struct Watched {
        std::unique_ptr<Subscription> subscription;
        std::uint64_t id = 0;  ///< distinguishes successive subscriptions to the same event
        EchoFilter echoes;
    };

    void subscribe(const wire::EventMessage& message);
    /// Returns false if the event cannot be watched. The reason is logged.
    [[nodiscard]] bool watch(const std::string& name);
    void unsubscribe(const wire::EventMessage& message);
    void emit(const wire::EventMessage& message);
    void on_told(const std::string& grid_name, std::uint64_t id,
                 const Result<WriteResult>& outcome);
    /// `json` is the payload of the event; empty if there is none.
    [[nodiscard]] bool is_permitted(Action action, const std::string& name,
                                    const wire::EventMessage& message, std::string_view json = {});
    void refuse_data(const std::string& name, const Error& error);
    void tell_event(const EchoFilter::Text& text);

    Session& session_;
    TextMap<Watched> watched_;  ///< keyed by subjects of the grid
    std::uint64_t ids_ = 0;
};

}  // namespace ringside::gateway::deepstream
