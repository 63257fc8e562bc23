#pragma once

#include <cstddef>

namespace ringside::gateway {

/// Sets up the allocator so that memory which is freed goes back to the system: large blocks at
/// once, small ones by `release_free_memory`. To be called before threads are started.
void set_up_memory() noexcept;

/// Bytes that are free in the allocator and still belong to the process. Cost: some microseconds.
[[nodiscard]] std::size_t free_memory_bytes() noexcept;

/// Gives free memory back to the system. Cost: up to some milliseconds for each 100 MiB, during
/// which other threads may wait for the allocator.
void release_free_memory() noexcept;

}  // namespace ringside::gateway
