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

/// The broker memory of one session: its lanes, unfinished messages, waiting replies, declarations
/// and pending calls. Thread safety: the engine thread only.
class MemoryAccount {
public:
    explicit MemoryAccount(Session& owner) noexcept : owner_(&owner) {}
    MemoryAccount(const MemoryAccount&) = delete;
    MemoryAccount& operator=(const MemoryAccount&) = delete;

    void charge(std::size_t bytes) noexcept { change(bytes_ + bytes); }
    /// REQUIRES: at least this amount was charged.
    void release(std::size_t bytes) noexcept;

    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
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
