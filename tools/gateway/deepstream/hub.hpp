#pragma once

#include <functional>
#include <memory>

#include "tools/gateway/deepstream/options.hpp"
#include "tools/gateway/grid/operations.hpp"
#include "tools/gateway/watch/feed.hpp"

namespace ringside::gateway::deepstream {

/// What all connections of deepstream's clients share.
struct Hub {
    Operations& operations;
    Feed& feed;
    Feed& system_feed;
    GatewayFigures& figures;
    const Options options;

    [[nodiscard]] GridAccess& grid() const noexcept { return operations.grid(); }
};

}  // namespace ringside::gateway::deepstream
