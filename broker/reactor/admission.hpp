#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "broker/session/access.hpp"
#include "shm/base/errc.hpp"

namespace ringside::broker {

/// Bounds what the users of a host can take of the broker: connections that have not greeted yet,
/// and sessions. Thread safety: one thread.
class Admission {
public:
    using ConnectionId = std::uint64_t;

    /// `descriptors`: how many files this process may open.
    explicit Admission(std::size_t descriptors);

    /// Counts a connection that has not greeted yet, until `greeted`.
    void connected(ConnectionId id, std::uint32_t user);
    void greeted(ConnectionId id, std::uint32_t user);

    /// The connection that has to give way before this user gets another one: the oldest of the
    /// same user where the user has its share, or else, where all are taken, the oldest of the user
    /// that has most.
    [[nodiscard]] std::optional<ConnectionId> to_give_way(std::uint32_t user) const;

    /// The bounds of sessions.
    struct Sessions {
        std::size_t max = 0;
        std::size_t per_user_max = 0;
    };
    /// Whether a user gets another session. `in_use`: of all users; `of_user`: of this one. Admins
    /// have no share, and the last places are theirs. Error: session_limit.
    static Result<void> check_session(const Sessions& limits, shm::Role role, std::size_t in_use,
                                      std::size_t of_user);

    [[nodiscard]] std::size_t waiting_max() const noexcept { return waiting_max_; }
    [[nodiscard]] std::size_t waiting_per_user_max() const noexcept;

private:
    std::size_t waiting_max_;
    std::size_t waiting_ = 0;
    std::map<std::uint32_t, std::set<ConnectionId>> waiting_of_;  ///< no empty ones
};

}  // namespace ringside::broker
