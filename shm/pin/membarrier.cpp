#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

#include "shm/pin/pin.hpp"

namespace ringside::shm {

namespace {

long membarrier(int command) noexcept { return syscall(SYS_membarrier, command, 0, 0); }

}  // namespace

bool has_membarrier() noexcept {
#if defined(RINGSIDE_THREAD_SANITIZER)
    return false;  // ThreadSanitizer does not understand a barrier in the kernel
#else
    const long commands = membarrier(MEMBARRIER_CMD_QUERY);
    return commands > 0 && (commands & MEMBARRIER_CMD_GLOBAL_EXPEDITED) != 0 &&
           (commands & MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) != 0;
#endif
}

bool register_for_membarrier() noexcept {
    return has_membarrier() && membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) == 0;
}

bool try_membarrier_all() noexcept {
    return has_membarrier() && membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED) == 0;
}

void membarrier_all() noexcept {
    if (!has_membarrier() || try_membarrier_all()) return;
    // Without the barrier, memory in use by a reader could be reused. Nothing can be freed from
    // here on, so the process cannot continue to serve.
    static constexpr char last_words[] = "ringside: membarrier failed; the process is terminated\n";
    static_cast<void>(!write(STDERR_FILENO, last_words, sizeof last_words - 1));
    std::abort();
}

}  // namespace ringside::shm
