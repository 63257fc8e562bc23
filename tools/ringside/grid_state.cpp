#include "tools/ringside/grid_state.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include "shm/base/descriptor.hpp"
#include "shm/protocol/handshake.hpp"

namespace ringside::tools {

bool has_broker(const std::string& grid) {
    const Descriptor file(open(shm::GridPaths::of(grid).value().lock_path.c_str(),
                               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file.is_open()) return false;
    return flock(file.get(), LOCK_SH | LOCK_NB) != 0;
}

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
