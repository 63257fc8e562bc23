#pragma once

#include <chrono>
#include <memory>

#include "attachment.hpp"
#include "shm/pin/pin.hpp"

namespace ringside::detail {

/// Pin of a snapshot or a watch: a slot in the session's memory, returned on destruction.
class PinSlotHolder {
public:
    /// Error: lane_limit.
    static Result<PinSlotHolder> take(std::shared_ptr<Attachment> attachment) {
        const auto index = attachment->take_pin();
        if (!index)
            return Error(Errc::lane_limit,
                         "too many snapshots and watches are open; close some of them");
        return PinSlotHolder(std::move(attachment), *index);
    }
    PinSlotHolder(PinSlotHolder&&) noexcept = default;
    PinSlotHolder& operator=(PinSlotHolder&& other) noexcept {
        std::swap(attachment_, other.attachment_);
        std::swap(index_, other.index_);
        return *this;
    }
    ~PinSlotHolder() {
        if (attachment_ != nullptr) attachment_->give_back_pin(index_);
    }

    [[nodiscard]] Attachment& attachment() const noexcept { return *attachment_; }
    [[nodiscard]] const std::shared_ptr<Attachment>& shared_attachment() const noexcept {
        return attachment_;
    }

    void set_lease(std::chrono::milliseconds lease) const noexcept {
        slot().lease_ms.store(static_cast<std::uint64_t>(std::max<std::int64_t>(lease.count(), 0)),
                              std::memory_order_relaxed);
    }
    [[nodiscard]] bool pin(Revision revision) const noexcept {
        return shm::try_pin(slot().pin, revision, attachment_->segment().header().horizon,
                            attachment_->has_light_pins());
    }
    void unpin() const noexcept {
        if (!attachment_->is_of_parent()) shm::unpin(slot().pin);
    }
    /// Publishes the cursor for the lag that `inspect` shows.
    void show_cursor(Position cursor) const noexcept {
        slot().cursor.store(cursor + 1, std::memory_order_relaxed);
    }
    [[nodiscard]] bool is_revoked(Revision pinned) const noexcept {
        return pinned < attachment_->revoked_below();
    }

private:
    PinSlotHolder(std::shared_ptr<Attachment> attachment, std::size_t index) noexcept
        : attachment_(std::move(attachment)), index_(index) {}
    [[nodiscard]] shm::PinSlot& slot() const noexcept { return attachment_->memory().pin(index_); }

    std::shared_ptr<Attachment> attachment_;
    std::size_t index_ = 0;
};

}  // namespace ringside::detail
