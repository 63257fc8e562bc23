#pragma once

#include <atomic>
#include <memory>

#include "attachment.hpp"
#include "ringside/record.hpp"
#include "shm/pin/pin.hpp"
#include "shm/table/record_table.hpp"
#include "shm/version/visibility.hpp"

namespace ringside::detail {

/// Converts a version block to the user's view. A document outside the segment, which only a reader
/// with a revoked pin can meet, becomes an empty one. So each word is read once.
[[nodiscard]] inline RecordView view_of(const shm::SegmentView& segment,
                                        const shm::VersionBlock& block) noexcept {
    using shm::VersionBlock;
    const std::uint64_t link = block.link_word();
    const bool expires = (link & shm::version_flag::expires) != 0;
    const std::size_t name_bytes = block.name_bytes;
    const std::size_t document_bytes = block.document_bytes;
    if (!segment.holds(segment.offset_of(&block),
                       VersionBlock::bytes_needed(name_bytes, document_bytes, expires))) {
        return {};
    }
    const auto* bytes = reinterpret_cast<const Byte*>(&block);
    const auto* name = reinterpret_cast<const char*>(bytes + VersionBlock::name_offset(expires));
    const bool has_pages = (link & shm::version_flag::paged) != 0;
    return {{name, name_bytes},
            {bytes + VersionBlock::document_offset(name_bytes, expires), document_bytes},
            has_pages ? &segment.pages() : nullptr,
            block.version,
            block.revision,
            block.updated_ns,
            expires ? block.expires_ms() : 0};
}

/// State of one thread for a client: its lane, and the pin of the records that it holds.
///
/// The pin is counted: records that a thread holds at the same time share the revision of the
/// first. A lane whose session is lost remains until the last record that it pinned is released.
/// Thread safety: one thread, except `let_client_go`.
class ThreadLane {
public:
    ThreadLane(std::shared_ptr<Attachment> attachment, std::unique_ptr<Channel> channel) noexcept;
    ~ThreadLane();
    ThreadLane(const ThreadLane&) = delete;
    ThreadLane& operator=(const ThreadLane&) = delete;

    [[nodiscard]] Attachment& attachment() const noexcept { return *attachment_; }
    [[nodiscard]] const std::shared_ptr<Attachment>& shared_attachment() const noexcept {
        return attachment_;
    }
    [[nodiscard]] Channel& channel() const noexcept { return *channel_; }

    /// Sets the pin, at a revision that was the newest recently. Returns false if the grid has
    /// ended.
    [[nodiscard]] bool pin() noexcept {
        if (enter() > 0) return true;
        // Periodically, so that a busy reader does not prevent the reuse of old index nodes.
        if (++pins_ % 64 == 0) revision_ = attachment_->published();
        while (!shm::try_pin(*pin_word_, revision_, *horizon_, light_)) {
            if (attachment_->is_grid_over()) {
                leave();
                return false;
            }
            revision_ = attachment_->published();
        }
        pinned_ = revision_;
        // The pin has an effect only if the broker knows this session.
        // SYNC broker-generation: pairs with Service::announce().
        const auto generation = horizon_->generation.load(std::memory_order_acquire);
        return generation == generation_ || follow();
    }

    /// Same as `pin`, but at the current newest revision.
    [[nodiscard]] bool pin_newest() noexcept {
        if (depth_.load(std::memory_order_relaxed) == 0) revision_ = attachment_->published();
        return pin();
    }

    void unpin() noexcept {
        if (depth_.load(std::memory_order_relaxed) == 1 && !attachment_->is_of_parent()) {
            shm::unpin(*pin_word_);
        }
        leave();
    }

    /// Returns the newest committed version of a record, null if there is none. REQUIRES: pinned.
    ///
    /// `revision_` may be old. If the newest version is at or below it, that version is the
    /// record's state. If it is above, `published` and the table are read again. The version may
    /// belong to a refused commit, whose revision another commit has used since.
    [[nodiscard]] const shm::VersionBlock* find(std::string_view name) noexcept {
        const std::uint64_t hash = table_.hash(name);
        const shm::VersionBlock* newest = table_.find(name, hash);
        if (newest != nullptr && newest->revision > revision_) {
            revision_ = attachment_->published();
            newest =
                shm::visible_version(attachment_->segment(), table_.find(name, hash), revision_);
        }
        return newest == nullptr || newest->is_tombstone() ? nullptr : newest;
    }

    /// Returns whether the pin was revoked: values read under it may be invalid.
    [[nodiscard]] bool is_revoked() const noexcept {
        return pinned_ < attachment_->revoked_below();
    }
    [[nodiscard]] Revision pinned() const noexcept { return pinned_; }

    /// Deletes the lane now, or with the last record that it pinned.
    static void abandon(ThreadLane* lane) noexcept;

    /// Called when the client has ended, possibly in another thread. Returns the channel now, or
    /// with the last record that the lane pinned. The result is the session if the channel was
    /// returned now.
    [[nodiscard]] std::shared_ptr<Attachment> let_client_go() noexcept;

private:
    /// Reasons why a lane ends with its last record. Bits of `ending_`.
    static constexpr std::uint8_t without_client = 1;  ///< the session is no longer needed
    static constexpr std::uint8_t without_thread = 2;  ///< nor is this object

    /// Only the lane's thread changes `depth_`, so no atomic read-modify-write is needed.
    std::uint32_t enter() noexcept {
        const std::uint32_t depth = depth_.load(std::memory_order_relaxed);
        depth_.store(depth + 1, std::memory_order_relaxed);
        return depth;
    }
    /// When `depth_` is 0 and the client has ended, another thread may take the session away.
    ///
    /// No fence stands between the store and the load, because every read passes here: a processor
    /// may load `ending_` before other threads see the store, even on x86. Then `let_client_go`
    /// sees the old depth, and this thread the old `ending_`: both leave the lane to the other
    /// side. That is the only outcome beyond a sequentially consistent one. It costs a delay: the
    /// lane ends with the next call of `leave`, or with the thread. The lane is never returned
    /// twice, because `is_given_back_` is exchanged, and never while a record is read, because the
    /// release of `depth_` orders the reads before it.
    void leave() noexcept {
        const std::uint32_t depth = depth_.load(std::memory_order_relaxed) - 1;
        // SYNC lane-depth: pairs with let_client_go(): the reads under the pin are done.
        depth_.store(depth, std::memory_order_release);
        // SYNC lane-ending: pairs with let_client_go().
        if (depth == 0 && ending_.load(std::memory_order_acquire) != 0) [[unlikely]]
            end();
    }
    void end() noexcept;
    [[nodiscard]] std::shared_ptr<Attachment> give_back() noexcept;

    /// Called when the broker has changed. Returns false, without a pin, if the session is lost.
    [[nodiscard]] bool follow() noexcept;

    std::shared_ptr<Attachment> attachment_;
    std::unique_ptr<Channel> channel_;
    shm::RecordTableReader table_;
    shm::Word* pin_word_;
    const shm::HorizonLine* horizon_;
    bool light_;
    std::atomic<std::uint32_t> depth_ = 0;
    std::atomic<std::uint8_t> ending_ = 0;
    std::atomic<bool> is_given_back_ = false;
    std::uint32_t pins_ = 0;
    Revision revision_ = 0;
    Revision pinned_ = 0;
    std::uint64_t generation_;  ///< of the broker that knows the session, as last seen
};

/// Holds a ThreadLane's pin for a scope.
class PinScope {
public:
    explicit PinScope(ThreadLane& lane) noexcept : lane_(&lane), holds_(lane.pin_newest()) {}
    ~PinScope() {
        if (holds_) lane_->unpin();
    }
    PinScope(const PinScope&) = delete;
    PinScope& operator=(const PinScope&) = delete;
    [[nodiscard]] bool holds() const noexcept { return holds_; }

private:
    ThreadLane* lane_;
    bool holds_;
};

}  // namespace ringside::detail
