#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "tools/gateway/deepstream/login/login_throttle.hpp"
#include "tools/gateway/deepstream/login/logins.hpp"
#include "tools/gateway/grid/completion.hpp"

namespace ringside::gateway::deepstream {

/// Queues logins and decides only a few per address at a time. A waiting login costs nothing, and
/// failures of earlier logins delay it. So many concurrent wrong passwords do not block clients at
/// other addresses.
/// Thread safety: that of the loop.
class LoginDesk {
public:
    explicit LoginDesk(Executor loop, const LoginLimits& limits = {})
        : loop_(std::move(loop)), limits_(limits), throttle_(limits) {}

    /// `logins` belongs to the current configuration.
    Task<Login> log_in(std::shared_ptr<const Logins> logins, LoginRequest request);

    using LoginsNow = std::function<std::shared_ptr<const Logins>()>;
    using IsWanted = std::function<bool()>;
    /// Decides the login of an open session again. At most `login_limits::rechecks_max` are decided
    /// at a time, so that a reload does not overload the service for new clients. Failures are not
    /// counted. `is_wanted` returns whether the session is still open; if it is not, no method is
    /// asked, and the result is undecided.
    Task<Login> decide_again(LoginsNow logins, LoginRequest request, IsWanted is_wanted);

    [[nodiscard]] const LoginLimits& limits() const noexcept { return limits_; }

    /// Returns the number of logins that were refused unchecked or decided late because others had
    /// failed.
    [[nodiscard]] std::uint64_t slowed() const noexcept { return slowed_; }
    /// Returns the number of logins that wait or are being decided.
    [[nodiscard]] std::size_t under_way() const noexcept;

private:
    struct Queue {
        std::size_t deciding = 0;
        std::deque<Completion<bool>> waiting;
    };
    struct QueueLimits {
        std::size_t deciding_max;
        std::size_t waiting_max;
    };
    /// A place in the queue, released by the destructor.
    class Turn;

    Task<bool> take_turn(const std::string& name, QueueLimits limits);
    void end_turn(const std::string& name);
    Task<void> wait();

    const Executor loop_;
    const LoginLimits limits_;
    LoginThrottle throttle_;
    std::unordered_map<std::string, Queue> queues_;  ///< one per address, one for open sessions
    std::uint64_t slowed_ = 0;
};

}  // namespace ringside::gateway::deepstream
