#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "shm/segment/segment.hpp"

namespace ringside::broker {

/// Allocates the entries of the slot region. Like the heap's lists, its lists are private memory.
class SlotAllocator {
public:
    SlotAllocator(const shm::SegmentView& segment,
                  std::function<bool(Offset, std::uint64_t)> commit_memory)
        : region_(segment.identity().slots),
          backed_(&segment.header().root.slots_backed),
          commit_memory_(std::move(commit_memory)) {}

    /// Returns none if all slots are taken or the host has no memory for more.
    [[nodiscard]] std::optional<RecordId> take() {
        if (!freed_.empty()) {
            const RecordId id = freed_.back();
            freed_.pop_back();
            return id;
        }
        if (next_ == committed_ && !commit_more()) return std::nullopt;
        return RecordId{next_++};
    }

    /// Adopts the slots of an existing segment. Of the first `backed` slots, those in `free` are
    /// not taken.
    void adopt(std::uint32_t backed, std::vector<RecordId> free) {
        next_ = committed_ = backed;
        freed_ = std::move(free);
    }

    void give_back(RecordId id) { freed_.push_back(id); }

    [[nodiscard]] std::uint64_t used() const noexcept { return next_ - freed_.size(); }
    [[nodiscard]] bool is_exhausted() const noexcept {
        return freed_.empty() && next_ == region_.bytes / sizeof(shm::Slot);
    }

private:
    /// Keeps slots, which are accessed at random, in huge pages.
    static constexpr std::uint64_t chunk_bytes = shm::huge_page_bytes;

    bool commit_more() {
        const std::uint64_t begin = std::uint64_t{committed_} * sizeof(shm::Slot);
        if (begin >= region_.bytes) return false;
        const std::uint64_t bytes = std::min(chunk_bytes, region_.bytes - begin);
        if (!commit_memory_(region_.offset + begin, bytes)) return false;
        committed_ += static_cast<std::uint32_t>(bytes / sizeof(shm::Slot));
        // SYNC unpaired: Survey::walk_slots loads this word relaxed, after this process has ended.
        backed_->store(committed_, std::memory_order_release);
        return true;
    }

    shm::Region region_;
    shm::HalfWord* backed_;  ///< for the next broker: slots from this one on were never used
    std::function<bool(Offset, std::uint64_t)> commit_memory_;
    std::vector<RecordId> freed_;
    std::uint32_t next_ = 0;
    std::uint32_t committed_ = 0;
};

}  // namespace ringside::broker
