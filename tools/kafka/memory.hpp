#pragma once

#include <malloc.h>

namespace ringside::kafka {

/// Has this process's memory be one heap that grows in large steps. What librdkafka's threads fetch
/// is given back by others, so that their own heaps would grow by a page at a time, and shrink
/// again: with messages of 150 bytes that takes the kernel as long as mapping them takes.
/// REQUIRES: made before any other thread.
inline void use_one_heap() noexcept {
    constexpr int step_bytes = 32 << 20;
    constexpr int kept_bytes = 256 << 20;
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TOP_PAD, step_bytes);
    mallopt(M_TRIM_THRESHOLD, kept_bytes);
    mallopt(M_MMAP_THRESHOLD, step_bytes);
}

}  // namespace ringside::kafka
