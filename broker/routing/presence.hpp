#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>

#include "broker/routing/system_records.hpp"

namespace ringside::broker {

/// Which users are there, and by which sessions: keeps `$sys/presence/USER`.
///
/// A session may say the same user several times, in its Hello and by declarations: the user is
/// there until all of them have ended. Thread safety: the engine thread only.
class Presence {
public:
    explicit Presence(SystemRecords& records) noexcept : records_(&records) {}

    /// How often a session has said each user.
    using Users = std::map<std::string, std::size_t>;

    void appear(const std::string& user, SessionId session);
    /// The same, taken back once.
    void disappear(const std::string& user, SessionId session);
    /// All that the session has said so far; for taking it back when it has been said anew.
    [[nodiscard]] Users said_by(SessionId session) const;
    void take_back(const Users& said, SessionId session);
    /// The session is over.
    void end(SessionId session) { take_back(said_by(session), session); }

private:
    void show(const std::string& user);

    SystemRecords* records_;
    std::map<SessionId, Users> users_of_;
    std::map<std::string, std::set<SessionId>> sessions_of_;
};

}  // namespace ringside::broker
