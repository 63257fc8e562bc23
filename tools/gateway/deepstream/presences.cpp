#include "tools/gateway/deepstream/presences.hpp"

#include <algorithm>

#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/names.hpp"
#include "tools/gateway/deepstream/presence_hub.hpp"
#include "tools/gateway/deepstream/session.hpp"

namespace ringside::gateway::deepstream {

void Presences::take(const wire::PresenceMessage& message) {
    PresenceHub& hub = session_.hub().presence();
    switch (static_cast<PresenceAction>(message.action())) {
        case PresenceAction::query_all:
            if (is_permitted({}, message)) query_all();
            return;
        case PresenceAction::query: return query(message);
        case PresenceAction::subscribe: return subscribe(message);
        case PresenceAction::unsubscribe: return unsubscribe(message);
        case PresenceAction::subscribe_all:
            if (!is_permitted({}, message)) return;
            hub.follow_all(session_);
            follows_all_ = true;
            return acknowledge(message);
        case PresenceAction::unsubscribe_all:
            hub.unfollow_all(session_);
            follows_all_ = false;
            return acknowledge(message);
        default: spdlog::debug("unknown presence action {}", message.action());
    }
}

void Presences::query_all() {
    auto answer = presence_message(PresenceAction::query_all_response);
    for (const std::string& user : session_.hub().presence().there()) {
        if (user != session_.user()) answer.add_names(user);
    }
    session_.send(answer);
}

void Presences::query(const wire::PresenceMessage& message) {
    std::string users = "{";
    for (const std::string& user : message.names()) {
        if (!is_permitted(user, message)) continue;
        if (users.size() > 1) users += ',';
        // JavaScript, which has sent half a surrogate pair, accepts it in JSON.
        append_json_string(user, users);
        users += session_.hub().presence().is_there(user) ? ":true" : ":false";
    }
    auto answer = presence_message(PresenceAction::query_response);
    answer.set_data(users += '}');
    answer.set_correlation_id(message.correlation_id());
    session_.send(answer);
}

void Presences::subscribe(const wire::PresenceMessage& message) {
    bool is_refused = !message.names().empty();
    for (const std::string& user : message.names()) {
        if (!is_permitted(user, message)) continue;
        if (!session_.has_subscriptions_left()) {
            session_.send(denial_of<PresenceAction>(message, user, false));
            continue;
        }
        is_refused = false;
        if (session_.hub().presence().follow(session_, user)) {
            followed_.insert(user);
            continue;
        }
        auto refusal = presence_message(PresenceAction::multiple_subscriptions);
        refusal.set_name(user);
        refusal.set_original_action(message.action());
        session_.send(refusal);
    }
    if (!is_refused) acknowledge(message);
}

void Presences::unsubscribe(const wire::PresenceMessage& message) {
    for (const std::string& user : message.names()) {
        if (session_.hub().presence().unfollow(session_, user)) followed_.erase(user);
    }
    acknowledge(message);
}

bool Presences::may_go_on() const {
    const auto may_know = [this](const std::string& user) {
        return session_.decide(Action::presence, user).is_allowed;
    };
    if (follows_all_ && !may_know({})) return false;
    return std::all_of(followed_.begin(), followed_.end(), may_know);
}

void Presences::acknowledge(const wire::PresenceMessage& message) {
    auto ack = message_of<wire::PresenceMessage>(static_cast<PresenceAction>(message.action()));
    if (message.has_correlation_id()) ack.set_correlation_id(message.correlation_id());
    ack.set_is_ack(true);
    session_.send(ack);
}

bool Presences::is_permitted(const std::string& user, const wire::PresenceMessage& message) {
    const Decision decision = session_.decide(Action::presence, user);
    if (decision.is_allowed) return true;
    session_.send(denial_of<PresenceAction>(message, user, decision.has_failed));
    return false;
}

}  // namespace ringside::gateway::deepstream
