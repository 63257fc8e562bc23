#pragma once

#include <functional>
#include <memory>

#include "tools/gateway/deepstream/grid_registrations.hpp"
#include "tools/gateway/deepstream/login/login_desk.hpp"
#include "tools/gateway/deepstream/options.hpp"
#include "tools/gateway/grid/operations.hpp"
#include "tools/gateway/watch/feed.hpp"

namespace ringside::gateway::deepstream {

class PresenceHub;
class RpcHub;

/// The state that all connections of deepstream's clients share.
/// Thread safety: that of the loop.
class Hub {
public:
    /// Returns the permissions of an identity under the current configuration.
    using PermissionsOf =
        std::function<std::shared_ptr<const Permissions>(const Identity& identity)>;

    Hub(asio::io_context& loop, Operations& its_operations, Feed& its_feed, Feed& its_system_feed,
        Options its_options, const LoginLimits& limits, PermissionsOf permissions_of);
    ~Hub();

    /// Applies to later logins. Whether and where deepstream's clients are served does not change.
    void set_logins(std::shared_ptr<const Logins> logins) { options.logins = std::move(logins); }

    /// Logs in under the current configuration. Delays the login if many have failed.
    Task<Login> log_in(LoginRequest request) {
        return desk_.log_in(options.logins, std::move(request));
    }
    /// Decides the login of an open session again, see LoginDesk.
    Task<Login> decide_again(LoginRequest request, LoginDesk::IsWanted is_wanted) {
        return desk_.decide_again([this] { return options.logins; }, std::move(request),
                                  std::move(is_wanted));
    }
    [[nodiscard]] const LoginDesk& desk() const noexcept { return desk_; }

    /// `address` is the client's address.
    [[nodiscard]] Requester requester_for(const Login& login, std::string address) const;
    /// Starts a generation after the configuration of permissions has changed.
    void begin_generation() noexcept { ++generation_; }
    [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
    [[nodiscard]] GridAccess& grid() const noexcept { return operations.grid(); }
    [[nodiscard]] RpcHub& rpc() noexcept { return *rpc_; }
    [[nodiscard]] PresenceHub& presence() noexcept { return *presence_; }
    [[nodiscard]] ListenerRegistrations& listeners() noexcept { return listeners_; }

    Operations& operations;
    Feed& feed;
    Feed& system_feed;
    GatewayFigures& figures;
    Options options;

private:
    const PermissionsOf permissions_of_;
    std::uint64_t generation_ = 1;
    LoginDesk desk_;
    ListenerRegistrations listeners_;
    std::unique_ptr<RpcHub> rpc_;
    std::unique_ptr<PresenceHub> presence_;
};

}  // namespace ringside::gateway::deepstream
