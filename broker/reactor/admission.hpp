#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "broker/session/access.hpp"
#include "shm/base/errc.hpp"

namespace ringside::broker {

/// Limits the connections without a greeting, and the sessions, that each user of the host can
/// have. Thread safety: one thread.
class Admission {
public:
    using ConnectionId = std::uint64_t;

    /// `descriptors`: maximum number of open files of this process.
    explicit Admission(std::size_t descriptors);

    /// Counts a connection until `greeted` is called for it.
    void connected(ConnectionId id, std::uint32_t user);
    void greeted(ConnectionId id, std::uint32_t user);

    /// The connection to drop before this user gets another one. If the user has used up its share,
    /// this is the user's oldest connection. Otherwise, if all places are taken, it is the oldest
    /// connection of the user with the most connections.
    [[nodiscard]] std::optional<ConnectionId> to_give_way(std::uint32_t user) const;

    /// The limits on sessions.
    struct Sessions {
        std::size_t max = 0;
        std::size_t per_user_max = 0;
    };
    /// Checks whether a user can open another session. `in_use`: sessions of all users; `of_user`:
    /// sessions of this user. Admins have no per-user limit, and the last places are reserved for
    /// admins. Error: session_limit.
    static Result<void> check_session(const Sessions& limits, shm::Role role, std::size_t in_use,
                                      std::size_t of_user);

    [[nodiscard]] std::size_t waiting_max() const noexcept { return waiting_max_; }
    [[nodiscard]] std::size_t waiting_per_user_max() const noexcept;

private:
    std::size_t waiting_max_;
    std::size_t waiting_ = 0;
    std::map<std::uint32_t, std::set<ConnectionId>> waiting_of_;  ///< without empty sets
};

}  // namespace ringside::broker
