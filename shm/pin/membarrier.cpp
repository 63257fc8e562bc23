#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shm/pin/pin.hpp"

namespace ringside::shm {

namespace {

long membarrier(int command) noexcept { return syscall(SYS_membarrier, command, 0, 0); }

}  // namespace

bool has_membarrier() noexcept {
#if defined(RINGSIDE_THREAD_SANITIZER)
    return false;  // a kernel's barrier is nothing that ThreadSanitizer could know of
#else
    const long commands = membarrier(MEMBARRIER_CMD_QUERY);
    return commands > 0 && (commands & MEMBARRIER_CMD_GLOBAL_EXPEDITED) != 0 &&
           (commands & MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) != 0;
#endif
}

bool register_for_membarrier() noexcept {
    return has_membarrier() && membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) == 0;
}

void membarrier_all() noexcept {
    if (has_membarrier()) membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
}

}  // namespace ringside::shm
