#pragma once

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <optional>

#include "shm/base/descriptor.hpp"

namespace ringside::bench {

/// Counts this thread's last-level cache misses in user space, if the machine permits it. Many
/// virtual machines have no such counter.
class CacheMisses {
public:
    CacheMisses() : counter_(open_counter()) {}

    /// Misses since the thread started; none without a counter.
    [[nodiscard]] std::optional<std::uint64_t> count() const {
        std::uint64_t value = 0;
        if (counter_.get() < 0 || read(counter_.get(), &value, sizeof value) != sizeof value)
            return std::nullopt;
        return value;
    }

private:
    static int open_counter() {
        perf_event_attr attributes{};
        attributes.size = sizeof attributes;
        attributes.type = PERF_TYPE_HARDWARE;
        attributes.config = PERF_COUNT_HW_CACHE_MISSES;
        attributes.exclude_kernel = 1;
        return static_cast<int>(
            syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
    }
    Descriptor counter_;
};

}  // namespace ringside::bench
