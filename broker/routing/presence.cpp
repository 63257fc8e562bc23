#include "broker/routing/presence.hpp"

#include <vector>

#include "broker/routing/system_document.hpp"
#include "shm/name/system_name.hpp"

namespace ringside::broker {

void Presence::appear(const std::string& user, SessionId session) {
    if (++users_of_[session][user] > 1) return;
    sessions_of_[user].insert(session);
    show(user);
}

void Presence::disappear(const std::string& user, SessionId session) {
    const auto users = users_of_.find(session);
    if (users == users_of_.end()) return;
    const auto said = users->second.find(user);
    if (said == users->second.end() || --said->second > 0) return;
    users->second.erase(said);
    if (users->second.empty()) users_of_.erase(users);
    sessions_of_[user].erase(session);
    show(user);
}

Presence::Users Presence::said_by(SessionId session) const {
    const auto users = users_of_.find(session);
    return users == users_of_.end() ? Users() : users->second;
}

void Presence::take_back(const Users& said, SessionId session) {
    for (const auto& [user, times] : said) {
        for (std::size_t i = 0; i < times; ++i) disappear(user, session);
    }
}

void Presence::show(const std::string& user) {
    const auto place = sessions_of_.find(user);
    if (place->second.empty()) {
        sessions_of_.erase(place);
        return records_->erase(system_name::presence(user));
    }
    const std::vector<SessionId> sessions(place->second.begin(), place->second.end());
    records_->set(system_name::presence(user), document_of_presence(sessions));
}

}  // namespace ringside::broker
