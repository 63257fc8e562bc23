#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client_impl.hpp"
#include "declared.hpp"
#include "pin_slot.hpp"
#include "shm/ring/change_ring.hpp"
#include "watch_filter.hpp"
#include "watch_signal.hpp"
#include "watch_sync.hpp"

namespace ringside {

/// A cursor in the change ring, and the state needed to use the entries that it reaches.
///
/// To read the entry at the cursor:
///   1  S := published, copy the entry out of the ring (R1..R4 of change_ring.hpp)
///   2  pin the revision before the entry's: what the entry leads to, and what it replaced, stay
///   3  the horizon had not passed that revision: none of this memory was freed before the pin
/// A watch holds its pin until the next call, so that delivered data stays readable, and moves the
/// pin with the cursor. At the head of the ring it has no pin.
class Watch::Impl {
public:
    Impl(std::shared_ptr<Client::Impl> client, detail::PinSlotHolder pin, WatchFilter filter,
         WatchOptions options);
    ~Impl();
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    /// Sets the start position. Errors: compacted, lane_limit.
    Result<void> begin();

    Result<WatchEvent> poll();
    Result<WatchEvent> next(std::chrono::milliseconds timeout);
    Result<int> descriptor();
    [[nodiscard]] Revision delivered() const noexcept { return delivered_; }
    [[nodiscard]] std::uint64_t epoch() const noexcept { return segment().identity().boot_id; }
    [[nodiscard]] bool affects(const JsonPointer& pointer) const;

private:
    enum class Step { event, nothing, go_on };

    Result<WatchEvent> follow(WatchEvent& event);
    Step step(WatchEvent& event);
    Step lapped(WatchEvent& event);
    void prefetch(const shm::Change& change) const noexcept;
    void pass(const shm::Change& change) noexcept;
    bool make_event(const shm::Change& change, WatchEvent& event) const;
    void go_to_the_newest();
    Result<void> declare_interest();
    Result<void> start_sync();
    Result<bool> next_of_sync(WatchEvent& event);
    [[nodiscard]] bool is_session_over();
    void release_spoilt();
    Result<void> reattach();
    void move_to(detail::PinSlotHolder pin);
    [[nodiscard]] Error without_grid(Error error);
    [[nodiscard]] bool has_news() const noexcept;
    void sleep(std::chrono::nanoseconds time);

    [[nodiscard]] const shm::SegmentView& segment() const noexcept {
        return pin_.attachment().segment();
    }

    std::shared_ptr<Client::Impl> client_;
    detail::PinSlotHolder pin_;
    WatchFilter filter_;
    const WatchOptions options_;
    std::optional<detail::Declared> interest_;  ///< declared for listeners

    std::optional<shm::ChangeRingReader> ring_;
    Position cursor_ = 0;
    Position drain_end_ = 0;  ///< entries before this position are delivered as of `drain_at_`
    Revision drain_at_ = 0;
    Revision pinned_ = 0;
    bool has_pin_ = false;
    bool is_spoilt_ = false;       ///< of the last event; to be reported
    bool wants_interest_ = false;  ///< to be declared in the session
    bool was_reattached_ = false;  ///< changes were missed; to be reported
    /// Time at which the absence of the grid is reported.
    std::optional<shm::Deadline> grid_due_;
    Revision delivered_ = 0;
    std::optional<shm::Change> last_change_;  ///< delivered by the last `poll`; pinned

    SyncedNames synced_;
    std::optional<WatchSync> sync_;
    bool wants_sync_ = false;  ///< starts, or continues in another session, with the next call
    std::unique_ptr<WatchSignal> signal_;
};

}  // namespace ringside
