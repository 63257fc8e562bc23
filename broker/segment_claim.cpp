#include "broker/segment_claim.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "shm/base/descriptor.hpp"
#include "shm/base/process_start.hpp"
#include "shm/segment/segment_owner.hpp"

namespace ringside::broker {

namespace {

struct flock whole_file(short type) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

Error in_use(std::uint32_t pid) {
    return {Errc::grid_in_use, "held by the broker with pid " + std::to_string(pid)};
}

}  // namespace

Result<void> claim(const shm::Segment& segment) {
    shm::BrokerLine& line = segment.header().broker;
    const std::uint32_t pid = line.broker_pid.load(std::memory_order_relaxed);
    struct flock lock = whole_file(F_WRLCK);
    if (fcntl(segment.descriptor(), F_OFD_SETLK, &lock) != 0) {
        if (errno != EAGAIN && errno != EACCES) {
            return Error(Errc::system_error,
                         std::string("cannot lock the segment: ") + std::strerror(errno));
        }
        if (shm::has_broker_lock(segment.descriptor())) return in_use(pid);
    }
    if (shm::is_running_broker(pid, line.broker_start.load(std::memory_order_relaxed)))
        return in_use(pid);
    line.broker_pid.store(static_cast<std::uint32_t>(getpid()), std::memory_order_relaxed);
    line.broker_start.store(shm::process_start(getpid()), std::memory_order_relaxed);
    // SYNC segment-claim: pairs with Attachment::check_claimed(): an offline reader that sees a
    // later change sees the claim.
    std::atomic_thread_fence(std::memory_order_release);
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
    if (shm::has_broker_lock(file.get()) || shm::is_running_broker(pid, start)) return in_use(pid);
    return {};
}

}  // namespace ringside::broker
