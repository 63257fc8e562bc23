#pragma once

#include "tools/gateway/deepstream/wire/frame.hpp"

namespace ringside::gateway::deepstream {

class Session;

/// What one connection wants to know of who is there. See PresenceHub.
class Presences {
public:
    explicit Presences(Session& session) noexcept : session_(session) {}

    void take(const wire::PresenceMessage& message);
    /// Users that are subscribed to.
    [[nodiscard]] std::size_t size() const noexcept { return followed_; }

private:
    void query_all();
    void query(const wire::PresenceMessage& message);
    void subscribe(const wire::PresenceMessage& message);
    void unsubscribe(const wire::PresenceMessage& message);
    void acknowledge(const wire::PresenceMessage& message);
    [[nodiscard]] bool is_permitted(const std::string& user, const wire::PresenceMessage& message);

    Session& session_;
    std::size_t followed_ = 0;
};

}  // namespace ringside::gateway::deepstream
