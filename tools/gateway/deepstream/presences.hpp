#pragma once

#include <string>
#include <unordered_set>

#include "tools/gateway/deepstream/wire/frame.hpp"

namespace ringside::gateway::deepstream {

class Session;

/// The presence subscriptions of one connection. See PresenceHub.
class Presences {
public:
    explicit Presences(Session& session) noexcept : session_(session) {}

    void take(const wire::PresenceMessage& message);
    /// Returns the number of users subscribed to.
    [[nodiscard]] std::size_t size() const noexcept { return followed_.size(); }
    /// Whether the client's present rights allow all of its subscriptions.
    [[nodiscard]] bool may_go_on() const;

private:
    void query_all();
    void query(const wire::PresenceMessage& message);
    void subscribe(const wire::PresenceMessage& message);
    void unsubscribe(const wire::PresenceMessage& message);
    void acknowledge(const wire::PresenceMessage& message);
    [[nodiscard]] bool is_permitted(const std::string& user, const wire::PresenceMessage& message);

    Session& session_;
    std::unordered_set<std::string> followed_;
    bool follows_all_ = false;
};

}  // namespace ringside::gateway::deepstream
