#include "shm/wait/spin.hpp"

#include <unistd.h>

namespace ringside::shm {

unsigned cores_available() noexcept {
    static const unsigned cores = [] {
        const long online = sysconf(_SC_NPROCESSORS_ONLN);
        return online < 1 ? 1U : static_cast<unsigned>(online);
    }();
    return cores;
}

}  // namespace ringside::shm
