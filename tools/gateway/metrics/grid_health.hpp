#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "tools/gateway/http/problem.hpp"

namespace ringside::gateway {

/// A broker whose last heartbeat is older than this counts as dead.
inline constexpr std::chrono::seconds heartbeat_age_max{2};

/// Returns why requests for the grid would fail now: 503 `no_broker` (there is no segment, its
/// broker is ending, or the broker's last heartbeat is older than two seconds) or `read_only` (the
/// store is failing). Returns none if the grid works. Cost: opens the segment; does not ask the
/// broker.
[[nodiscard]] std::optional<Problem> grid_problem(const std::string& grid);

}  // namespace ringside::gateway
