#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <optional>

#include "tools/gateway/net.hpp"

namespace ringside::gateway::deepstream {

/// Threads that check passwords: hashing is slow on purpose, and the loop must not wait for it.
/// Thread safety: that of the loop.
class PasswordWorkers {
public:
    /// Returns none if `login_limits::hashes_waiting_max` checks are waiting already.
    /// REQUIRES: it outlives the task.
    Task<std::optional<bool>> ask(std::function<bool()> fits);

private:
    std::size_t waiting_ = 0;
    boost::asio::thread_pool threads_{2};
};

}  // namespace ringside::gateway::deepstream
