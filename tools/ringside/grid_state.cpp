#include "tools/ringside/grid_state.hpp"

#include "shm/protocol/handshake.hpp"
#include "shm/segment/segment_owner.hpp"

namespace ringside::tools {

bool has_broker(const shm::Segment& segment) { return shm::living_broker(segment).has_value(); }

Report::Cell pid_cell(std::uint64_t pid) {
    return pid == 0 ? Report::Cell(std::string("-")) : Report::Cell(pid);
}

const char* role_name(std::uint64_t role) noexcept {
    switch (static_cast<shm::Role>(role)) {
        case shm::Role::none: return "none";
        case shm::Role::reader: return "reader";
        case shm::Role::writer: return "writer";
        case shm::Role::provider: return "provider";
        case shm::Role::admin: return "admin";
    }
    return "unknown";
}

}  // namespace ringside::tools
