#pragma once

#include <algorithm>
#include <cstddef>

namespace ringside::gateway {

/// Configures the allocator so that freed memory returns to the system: large blocks immediately,
/// small ones through `release_free_memory`. Call this before threads are started.
void set_up_memory() noexcept;

/// Memory of the allocator.
struct HeapUse {
    std::size_t used = 0;  ///< bytes that the program uses
    std::size_t free = 0;  ///< free bytes of its heaps, including those that went back already
};
/// Cost: some microseconds.
[[nodiscard]] HeapUse heap_use() noexcept;

/// Returns free memory to the system. Cost: up to some milliseconds per 100 MiB, during which other
/// threads may wait for the allocator.
void release_free_memory() noexcept;

/// Returns whether free memory should be returned to the system. A quarter of the used memory, and
/// at least 8 MiB, stays, because the program will use it again.
[[nodiscard]] constexpr bool should_release(const HeapUse& use) noexcept {
    constexpr std::size_t kept_least = 8U << 20;
    return use.free > std::max(kept_least, use.used / 4);
}

}  // namespace ringside::gateway
