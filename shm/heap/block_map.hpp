#pragma once

#include <vector>

#include "shm/segment/layout.hpp"

namespace ringside::shm {

/// Set of referenced blocks of a heap: one bit per 16 bytes, set at the start of a block.
class BlockMap {
public:
    explicit BlockMap(const Region& heap) : heap_(heap), bits_(heap.bytes / 16 / 64 + 1) {}

    /// Returns false if the block is already marked. REQUIRES: it begins in the heap.
    [[nodiscard]] bool mark(Offset block) noexcept {
        const std::uint64_t bit = (block - heap_.offset) / 16;
        std::uint64_t& word = bits_[bit / 64];
        const std::uint64_t mask = 1ULL << (bit % 64);
        if ((word & mask) != 0) return false;
        word |= mask;
        return true;
    }
    [[nodiscard]] bool has(Offset block) const noexcept {
        const std::uint64_t bit = (block - heap_.offset) / 16;
        return (bits_[bit / 64] >> (bit % 64) & 1U) != 0;
    }

private:
    Region heap_;
    std::vector<std::uint64_t> bits_;
};

}  // namespace ringside::shm
