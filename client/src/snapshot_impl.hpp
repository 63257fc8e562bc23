#pragma once

#include "pin_slot.hpp"
#include "ringside/snapshot.hpp"

namespace ringside {

/// A pin slot that is set during the object's lifetime.
class Snapshot::Impl {
public:
    Impl(detail::PinSlotHolder slot, Revision at) noexcept : pin(std::move(slot)), revision(at) {}

    [[nodiscard]] Result<void> check() const {
        // A broker that has taken over learns of the pin. If it has closed the session, the pin is
        // revoked.
        static_cast<void>(pin.attachment().follow());
        if (!pin.is_revoked(revision)) return {};
        return pin.attachment().is_offline() ? pin.attachment().loss()
                                             : Error(Errc::snapshot_expired);
    }
    [[nodiscard]] const shm::SegmentView& segment() const noexcept {
        return pin.attachment().segment();
    }

    detail::PinSlotHolder pin;
    Revision revision;
};

}  // namespace ringside
