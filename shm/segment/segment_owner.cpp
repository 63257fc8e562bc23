#include "shm/segment/segment_owner.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "shm/base/process_start.hpp"

namespace ringside::shm {

bool has_broker_lock(int descriptor) noexcept {
    struct flock lock {};
    lock.l_type = F_RDLCK;
    lock.l_whence = SEEK_SET;
    return fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
}

bool is_running_broker(std::uint32_t pid, std::uint64_t start) {
    const auto process = static_cast<pid_t>(pid);
    return pid != 0 && start != 0 && process != getpid() && process_start(process) == start;
}

std::optional<std::uint32_t> living_broker(const Segment& segment) {
    const BrokerLine& line = segment.header().broker;
    const std::uint32_t pid = line.broker_pid.load(std::memory_order_relaxed);
    if (has_broker_lock(segment.descriptor())) return pid;
    if (is_running_broker(pid, line.broker_start.load(std::memory_order_relaxed))) return pid;
    return std::nullopt;
}

}  // namespace ringside::shm
