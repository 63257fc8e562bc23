#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tools/gateway/grid/grid_access.hpp"
#include "tools/gateway/grid/outcome.hpp"

namespace ringside::gateway {

/// The providers of all WebSockets; each has a thread that takes calls.
/// Thread safety: that of the loop.
class WsProviders {
public:
    using OnCall = std::function<void(std::shared_ptr<Call>)>;  ///< called in the loop

    WsProviders(GridAccess& grid, asio::io_context& loop) : grid_(grid), loop_(loop) {}

    /// A registered provider, withdrawn by the destructor.
    class Place {
    public:
        Place(WsProviders& all, std::shared_ptr<Service> service) noexcept
            : all_(&all), service_(std::move(service)) {}
        Place(Place&& other) noexcept = default;
        Place& operator=(Place&&) = delete;
        ~Place();

    private:
        friend class WsProviders;
        WsProviders* all_;
        std::shared_ptr<Service> service_;
    };

    /// `account`: see `Requester::account`. Problems: 400, 403, 429, 503 if there are too many.
    Task<Outcome<Place>> provide(std::string account, std::string pattern, OnCall on_call);

    /// Withdraws a provider, and waits for the result. Problems: 429, 503; nothing has changed
    /// then.
    Task<Outcome<void>> end(std::string account, Place& place);

    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    /// For all WebSockets together: each takes a lane of the gateway's session.
    static constexpr std::size_t providers_max = 48;

private:
    GridAccess& grid_;
    asio::io_context& loop_;
    std::size_t count_ = 0;
};

}  // namespace ringside::gateway
