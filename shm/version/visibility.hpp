#pragma once

#include "shm/segment/segment.hpp"

namespace ringside::shm {

/// The rule of visibility: a reader at revision S sees the newest version of a record whose
/// revision is <= S. It sees nothing if that version is a tombstone or does not exist.
///
/// `newest`: the target of the record table or the slot; null = no record.
/// REQUIRES: a pin at or below S has been held since before `newest` was loaded.
///
/// A reader whose pin was revoked may meet reused memory. Its caller refuses the result. Here the
/// walk must end and stay within the segment. Links lead to ever lower revisions, except for at
/// most `same_revision_max` equal ones within one commit.
[[nodiscard]] inline const VersionBlock* visible_version(const SegmentView& segment,
                                                         const VersionBlock* newest,
                                                         Revision at) noexcept {
    constexpr std::uint32_t same_revision_max = 1U << 22;
    std::uint32_t same = 0;
    while (newest != nullptr && newest->revision > at) {
        const Offset previous = newest->previous();
        if (previous == 0 || !segment.holds(previous, sizeof(VersionBlock))) return nullptr;
        const VersionBlock* older = segment.version_at(previous);
        same = older->revision == newest->revision ? same + 1 : 0;
        if (older->revision > newest->revision || same > same_revision_max) return nullptr;
        newest = older;
    }
    return newest;
}

/// Same, without tombstones.
[[nodiscard]] inline const VersionBlock* visible_record(const SegmentView& segment,
                                                        const VersionBlock* newest,
                                                        Revision at) noexcept {
    const VersionBlock* version = visible_version(segment, newest, at);
    return version == nullptr || version->is_tombstone() ? nullptr : version;
}

/// Reads records by their ids.
class SlotsReader {
public:
    explicit SlotsReader(const SegmentView& segment) noexcept
        : segment_(segment),
          slots_(&segment.slot(RecordId{0})),
          count_(segment.identity().slots.bytes / sizeof(Slot)) {}

    /// Returns the newest version block of the record in a slot. Returns null if the slot is empty,
    /// or if the id or the slot's contents lead outside the segment. A reader whose pin was revoked
    /// may meet any number.
    [[nodiscard]] const VersionBlock* newest_of(RecordId id) const noexcept {
        const auto index = static_cast<std::uint32_t>(id);
        if (index >= count_) return nullptr;
        // SYNC slot-version: pairs with the engine's link of the version; the block is complete.
        const Offset offset = slots_[index].newest.load(std::memory_order_acquire);
        if (offset == 0 || !segment_.holds(offset, sizeof(VersionBlock))) return nullptr;
        return segment_.version_at(offset);
    }
    /// Starts loading the slot. The id may be any number.
    void prefetch(RecordId id) const noexcept {
        __builtin_prefetch(slots_ + static_cast<std::uint32_t>(id));
    }

private:
    SegmentView segment_;
    const Slot* slots_;
    std::uint64_t count_;
};

[[nodiscard]] inline const VersionBlock* newest_of(const SegmentView& segment,
                                                   RecordId id) noexcept {
    return SlotsReader(segment).newest_of(id);
}

}  // namespace ringside::shm
