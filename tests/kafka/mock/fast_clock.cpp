// The fast clock of the mock cluster. librdkafka takes these functions from the program rather than
// from the C library, because the dynamic linker searches the program first.

#include "tests/kafka/mock/fast_clock.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

using ringside::testing::cluster_speed;

namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;
constexpr std::int64_t ns_per_s = 1'000'000'000;

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
    if (syscall(SYS_clock_gettime, clock, now) != 0) return -1;
    if (clock != CLOCK_MONOTONIC) return 0;
    const std::int64_t ns = (now->tv_sec * ns_per_s + now->tv_nsec) * cluster_speed;
    *now = {ns / ns_per_s, ns % ns_per_s};
    return 0;
}

int poll(pollfd* descriptors, nfds_t count, int timeout_ms) {
    if (timeout_ms < 0) return ppoll(descriptors, count, nullptr, nullptr);
    const std::int64_t ns = timeout_ms * ns_per_ms / cluster_speed;
    const timespec timeout{ns / ns_per_s, ns % ns_per_s};
    return ppoll(descriptors, count, &timeout, nullptr);
}

}  // extern "C"
