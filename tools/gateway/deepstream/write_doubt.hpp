#pragma once

#include "shm/base/errc.hpp"

namespace ringside::gateway::deepstream {

/// Whether a write that has failed may have been carried out, or may still be.
[[nodiscard]] inline bool is_in_doubt(const Error& error) noexcept {
    return error == Errc::timed_out || error == Errc::connection_lost;
}

}  // namespace ringside::gateway::deepstream
