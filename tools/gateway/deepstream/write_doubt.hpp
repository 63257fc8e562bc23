#pragma once

#include "shm/base/errc.hpp"

namespace ringside::gateway::deepstream {

/// Returns whether a failed write may have been applied, or may still be applied.
[[nodiscard]] inline bool is_in_doubt(const Error& error) noexcept {
    return error == Errc::timed_out || error == Errc::connection_lost;
}

}  // namespace ringside::gateway::deepstream
