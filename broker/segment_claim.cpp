#include "broker/segment_claim.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "broker/process_identity.hpp"
#include "shm/base/descriptor.hpp"

namespace ringside::broker {

namespace {

struct flock whole_file(short type) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

/// Only a broker can hold a write lock: the file is writable for its owner alone.
bool has_writer(int file) {
    struct flock lock = whole_file(F_RDLCK);
    return fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
}

Error in_use(std::uint32_t pid) {
    return {Errc::grid_in_use, "by the broker with pid " + std::to_string(pid)};
}

bool is_running(std::uint32_t pid, std::uint64_t start) {
    const auto process = static_cast<pid_t>(pid);
    return pid != 0 && start != 0 && process != getpid() && process_start(process) == start;
}

}  // namespace

Result<void> claim(const shm::Segment& segment) {
    shm::BrokerLine& line = segment.header().broker;
    const std::uint32_t pid = line.broker_pid.load(std::memory_order_relaxed);
    struct flock lock = whole_file(F_WRLCK);
    if (fcntl(segment.descriptor(), F_OFD_SETLK, &lock) != 0) {
        if (errno != EAGAIN && errno != EACCES) {
            return Error(Errc::system_error,
                         std::string("lock of the segment: ") + std::strerror(errno));
        }
        if (has_writer(segment.descriptor())) return in_use(pid);
    }
    if (is_running(pid, line.broker_start.load(std::memory_order_relaxed))) return in_use(pid);
    line.broker_pid.store(static_cast<std::uint32_t>(getpid()), std::memory_order_relaxed);
    line.broker_start.store(process_start(getpid()), std::memory_order_relaxed);
    return {};
}

void disclaim(shm::Header& header) {
    header.broker.broker_start.store(0, std::memory_order_relaxed);
}

Result<void> check_unclaimed(const std::string& path) {
    const Descriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file.is_open()) return {};  // no broker of this grid could have mapped it
    std::array<std::byte, sizeof(shm::BrokerLine)> bytes{};
    const auto got = pread(file.get(), bytes.data(), bytes.size(), offsetof(shm::Header, broker));
    std::uint32_t pid = 0;
    std::uint64_t start = 0;
    if (got == static_cast<ssize_t>(bytes.size())) {
        std::memcpy(&pid, bytes.data() + offsetof(shm::BrokerLine, broker_pid), sizeof pid);
        std::memcpy(&start, bytes.data() + offsetof(shm::BrokerLine, broker_start), sizeof start);
    }
    if (has_writer(file.get()) || is_running(pid, start)) return in_use(pid);
    return {};
}

}  // namespace ringside::broker
