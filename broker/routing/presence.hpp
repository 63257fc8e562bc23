#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>

#include "broker/routing/system_records.hpp"

namespace ringside::broker {

/// Tracks which users are present, and through which sessions: maintains `$sys/presence/USER`.
///
/// A session can name the same user several times, in its Hello and in declarations. The user is
/// present until all of these have ended. Thread safety: the engine thread only.
class Presence {
public:
    explicit Presence(SystemRecords& records) noexcept : records_(&records) {}

    /// Number of times that a session has named each user.
    using Users = std::map<std::string, std::size_t>;

    void appear(const std::string& user, SessionId session);
    /// Reverses one `appear`.
    void disappear(const std::string& user, SessionId session);
    /// All users that the session has named; for removing them after they were declared again.
    [[nodiscard]] Users said_by(SessionId session) const;
    void take_back(const Users& said, SessionId session);
    /// Ends a session.
    void end(SessionId session) { take_back(said_by(session), session); }

private:
    void show(const std::string& user);

    SystemRecords* records_;
    std::map<SessionId, Users> users_of_;
    std::map<std::string, std::set<SessionId>> sessions_of_;
};

}  // namespace ringside::broker
