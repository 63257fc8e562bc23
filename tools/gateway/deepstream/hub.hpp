#pragma once

#include <functional>
#include <memory>

#include "tools/gateway/deepstream/grid_posts.hpp"
#include "tools/gateway/deepstream/login/login_desk.hpp"
#include "tools/gateway/deepstream/options.hpp"
#include "tools/gateway/grid/operations.hpp"
#include "tools/gateway/watch/feed.hpp"

namespace ringside::gateway::deepstream {

class PresenceHub;
class RpcHub;

/// What all connections of deepstream's clients share.
/// Thread safety: that of the loop.
class Hub {
public:
    /// What an identity may do, by the configuration as it is.
    using PermissionsOf =
        std::function<std::shared_ptr<const Permissions>(const Identity& identity)>;

    Hub(asio::io_context& loop, Operations& its_operations, Feed& its_feed, Feed& its_system_feed,
        Options its_options, PermissionsOf permissions_of);
    ~Hub();

    /// From the next login on. Whether deepstream's clients are served, and where, stays.
    void set_logins(std::shared_ptr<const Logins> logins) { options.logins = std::move(logins); }

    /// As the configuration of this moment says. Slowed where many have failed.
    Task<Login> log_in(LoginRequest request) {
        return desk_.log_in(options.logins, std::move(request));
    }
    [[nodiscard]] const LoginDesk& desk() const noexcept { return desk_; }

    /// `address`: where the client is.
    [[nodiscard]] Requester requester_for(const Login& login, std::string address) const;
    /// What one may do is decided by another configuration from now on.
    void begin_generation() noexcept { ++generation_; }
    [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
    [[nodiscard]] GridAccess& grid() const noexcept { return operations.grid(); }
    [[nodiscard]] RpcHub& rpc() noexcept { return *rpc_; }
    [[nodiscard]] PresenceHub& presence() noexcept { return *presence_; }
    [[nodiscard]] ListenerPosts& listeners() noexcept { return listeners_; }

    Operations& operations;
    Feed& feed;
    Feed& system_feed;
    GatewayFigures& figures;
    Options options;

private:
    const PermissionsOf permissions_of_;
    std::uint64_t generation_ = 1;
    LoginDesk desk_;
    ListenerPosts listeners_;
    std::unique_ptr<RpcHub> rpc_;
    std::unique_ptr<PresenceHub> presence_;
};

}  // namespace ringside::gateway::deepstream
