#pragma once

#include "shm/base/errc.hpp"

namespace ringside::kafka {

/// Returns whether an error is temporary, such as a missing broker: try again.
[[nodiscard]] constexpr bool is_passing(Errc code) noexcept {
    switch (code) {
        case Errc::no_such_grid:
        case Errc::no_broker:
        case Errc::connection_lost:
        case Errc::timed_out:
        case Errc::would_block:
        case Errc::not_applied:
        case Errc::snapshot_expired:
        case Errc::compacted:
        case Errc::grid_full:
        case Errc::records_limit:
        case Errc::read_only: return true;
        default: return false;
    }
}

}  // namespace ringside::kafka
