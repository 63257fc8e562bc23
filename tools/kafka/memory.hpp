#pragma once

#include <malloc.h>

namespace ringside::kafka {

/// Makes the memory of this process one heap that grows in large steps. Memory that librdkafka's
/// threads allocate is freed by other threads, so their own heaps would grow and shrink page by
/// page. With messages of 150 bytes, that costs as much time in the kernel as mapping the messages.
/// REQUIRES: called before any other thread starts.
inline void use_one_heap() noexcept {
    constexpr int step_bytes = 32 << 20;
    constexpr int kept_bytes = 256 << 20;
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TOP_PAD, step_bytes);
    mallopt(M_TRIM_THRESHOLD, kept_bytes);
    mallopt(M_MMAP_THRESHOLD, step_bytes);
}

}  // namespace ringside::kafka
