#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "tools/gateway/deepstream/login/login_throttle.hpp"
#include "tools/gateway/deepstream/login/logins.hpp"
#include "tools/gateway/grid/completion.hpp"

namespace ringside::gateway::deepstream {

/// Lets clients log in, a few of each address at a time: what waits is decided by what has failed
/// before it, and costs nothing until then. So many wrong passwords at once keep nobody else
/// waiting.
/// Thread safety: that of the loop.
class LoginDesk {
public:
    explicit LoginDesk(Executor loop) : loop_(std::move(loop)) {}

    /// `logins`: of the configuration of this moment.
    Task<Login> log_in(std::shared_ptr<const Logins> logins, LoginRequest request);

    /// Logins that were refused unseen, or decided late, because others had failed.
    [[nodiscard]] std::uint64_t slowed() const noexcept { return slowed_; }
    /// Logins that wait or are being decided.
    [[nodiscard]] std::size_t under_way() const noexcept;

private:
    struct Address {
        std::size_t deciding = 0;
        std::deque<Completion<bool>> waiting;
    };
    /// A place at the desk; given back when it is destroyed.
    class Turn;

    Task<bool> take_turn(const std::string& address);
    void end_turn(const std::string& address);
    Task<void> wait();

    const Executor loop_;
    LoginThrottle throttle_;
    std::unordered_map<std::string, Address> addresses_;
    std::uint64_t slowed_ = 0;
};

}  // namespace ringside::gateway::deepstream
