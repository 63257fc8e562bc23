#include "tools/gateway/load/memory.hpp"

#include <malloc.h>

namespace ringside::gateway {

void set_up_memory() noexcept {
    // Each arena keeps the memory that its threads have freed.
    mallopt(M_ARENA_MAX, 4);
    // An explicit threshold does not grow with the largest block that was freed.
    mallopt(M_MMAP_THRESHOLD, 256 << 10);
    mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

HeapUse heap_use() noexcept {
    const auto use = mallinfo2();
    return {.used = use.uordblks, .free = use.fordblks};
}

void release_free_memory() noexcept { malloc_trim(0); }

}  // namespace ringside::gateway
