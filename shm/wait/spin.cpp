#include "shm/wait/spin.hpp"

#include <sched.h>

#include <thread>

namespace ringside::shm {

namespace {

unsigned count_cores() noexcept {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        if (const int count = CPU_COUNT(&allowed); count > 0) return static_cast<unsigned>(count);
    }
    const unsigned count = std::thread::hardware_concurrency();
    return count == 0 ? 1 : count;
}

}  // namespace

unsigned cores_available() noexcept {
    static const unsigned cores = count_cores();
    return cores;
}

}  // namespace ringside::shm
