#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "shm/base/errc.hpp"
#include "shm/base/limits.hpp"

namespace ringside::broker {

class MemoryAccounts;
class Session;

/// Limits on the broker's private memory that sessions can use, in bytes.
struct MemoryLimits {
    std::size_t session = 0;
    std::size_t user = 0;   ///< all sessions of one uid
    std::size_t total = 0;  ///< all sessions

    /// A single user cannot use up the total, so that other users always have room.
    [[nodiscard]] static constexpr MemoryLimits of_total(std::size_t total) noexcept {
        const std::size_t user = total / 4 * 3;
        return {user < limits::session_memory_bytes_max ? user : limits::session_memory_bytes_max,
                user, total};
    }
};

/// The broker memory of one session. Everything that a session makes the broker remember is on it,
/// each with its own limit:
///   the session     itself, and the record that describes it; `limits::sessions_max`
///   lanes           their state, unfinished messages, replies and deliveries that were not taken,
///                   replies that wait for the disk, doubtful requests of a former broker;
///                   `limits::lanes_per_session_max`, `message_bytes_max`, `held_replies_max`,
///                   `undelivered_bytes_max`
///   declarations    their table, copies, records and routes; `declarations_per_session_max`
///   pins            the leases and the list in which the broker reads them; `pins_per_session_max`
///   calls           copies, deadlines and the providers that rejected them; `calls_per_lane_max`,
///                   `calls_bytes_max`
///   subjects        that the session's listeners are asked for or provide; `wanted_subjects_max`,
///                   `wanted_subjects_bytes_max`
/// Memory that grows with records and old revisions is charged to no session, because records
/// outlive sessions: see GridOptions::bookkeeping_bytes.
/// Thread safety: the engine thread only.
class MemoryAccount {
public:
    explicit MemoryAccount(Session& owner) noexcept : owner_(&owner) {}
    MemoryAccount(const MemoryAccount&) = delete;
    MemoryAccount& operator=(const MemoryAccount&) = delete;

    void charge(std::size_t bytes) noexcept { change(bytes_ + bytes); }
    /// REQUIRES: at least this amount was charged.
    void release(std::size_t bytes) noexcept;

    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// Returns whether this many bytes can be charged without exceeding a limit.
    [[nodiscard]] bool has_room(std::size_t bytes) const noexcept;
    [[nodiscard]] Session& owner() const noexcept { return *owner_; }

private:
    friend class MemoryAccounts;
    void change(std::size_t bytes) noexcept;

    Session* owner_;
    MemoryAccounts* accounts_ = nullptr;
    std::uint32_t user_ = 0;
    std::size_t bytes_ = 0;
};

/// The accounts of all sessions, by user.
///
/// No allocation is refused in advance. After a limit is exceeded, the largest session of the
/// largest user must release memory. Other users do not pay for it.
class MemoryAccounts {
public:
    explicit MemoryAccounts(const MemoryLimits& limits) noexcept : limits_(limits) {}

    void open(MemoryAccount& account, std::uint32_t user);
    void close(MemoryAccount& account);

    /// A session that must release memory, and the limit that was exceeded.
    struct Excess {
        Session* session = nullptr;
        Errc limit = Errc::ok;
    };
    /// Returns whether a limit may have been exceeded since the last call of `excesses`.
    [[nodiscard]] bool has_excess() const noexcept { return has_excess_; }
    /// Returns the sessions that must release memory so that usage falls well below the limits.
    [[nodiscard]] std::vector<Excess> excesses();

    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] const MemoryLimits& memory_limits() const noexcept { return limits_; }

    /// The highest use of a session and of a user.
    struct Heaviest {
        std::size_t session_bytes = 0;
        std::size_t user_bytes = 0;
    };
    /// Takes time in proportion to the number of sessions.
    [[nodiscard]] Heaviest heaviest() const noexcept;

private:
    friend class MemoryAccount;
    struct User {
        std::size_t bytes = 0;
        std::vector<MemoryAccount*> accounts;
    };

    MemoryLimits limits_;
    std::map<std::uint32_t, User> users_;
    std::size_t bytes_ = 0;
    bool has_excess_ = false;
};

}  // namespace ringside::broker
