#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pin_slot.hpp"
#include "ringside/watch.hpp"
#include "scan.hpp"
#include "shm/wait/deadline.hpp"
#include "watch_filter.hpp"

namespace ringside {

/// As of which revisions the names of a state were handed out. The changes up to there are part of
/// the state, and are not delivered again.
class SyncedNames {
public:
    void clear() noexcept;
    /// Names from this one on are handed out as of `revision`.
    void begin(WatchKind part, std::string_view from, Revision revision);
    /// Whether the state had a change of this name.
    [[nodiscard]] bool covers(WatchKind part, std::string_view name,
                              Revision change) const noexcept;
    /// Whether `covers` is false for all changes from this revision on.
    [[nodiscard]] bool is_behind(Revision change) const noexcept { return newest_ < change; }

private:
    struct Passage {
        std::string from;
        Revision revision;
    };
    using Passages = std::vector<Passage>;  ///< ascending
    [[nodiscard]] static std::size_t place_of(WatchKind part) noexcept {
        return part == WatchKind::provided || part == WatchKind::unprovided ? 1 : 0;
    }

    std::array<Passages, 2> passages_;  ///< of the records, and of those that say who is provided
    Revision newest_ = 0;
};

/// The state of all that a watch is for, as it is handed out: the records, then who is provided.
///
/// A consumer may be slower than any pin's lease. So the walk moves on to the newest revision when
/// its pin gets old, is revoked, or belongs to a session that is over, and continues behind the
/// last name that was handed out. Each name is handed out once, in order.
class WatchSync {
public:
    /// REQUIRES: both live longer.
    WatchSync(const WatchFilter& filter, SyncedNames& names);

    /// Continues in this session, at its newest revision.
    /// Errors: lane_limit, no_such_grid (the grid was ended). The walk is where it was.
    Result<void> open(const std::shared_ptr<detail::Attachment>& attachment);

    /// Kind and record of the next; false: that was all. Valid until the next call.
    /// Error: no_such_grid (the grid was ended).
    Result<bool> next(WatchEvent& event);

    /// Whether the last event may have been spoilt while the user had it. It is handed out again.
    [[nodiscard]] bool take_back_spoilt();

private:
    struct Part {
        const Pattern* pattern;
        WatchKind kind;
    };
    [[nodiscard]] bool is_revoked() const noexcept { return pin_->is_revoked(at_); }
    Result<void> move_on();
    void fill();
    void end_part();

    SyncedNames* names_;
    std::optional<detail::PinSlotHolder> pin_;  ///< none before the first `open`
    Revision at_ = 0;
    shm::Deadline move_on_at_ = shm::Deadline::never();
    std::vector<Part> parts_;           ///< that are not at their end, the current one at the back
    std::string from_;                  ///< names of the current part before it are done
    std::optional<detail::Scan> scan_;  ///< over the rest of the current part
    std::span<const RecordView> batch_;
    std::size_t next_ = 0;
    std::string read_name_;  ///< not known to be true yet
    std::string name_;       ///< of the last event; empty: there is none
};

}  // namespace ringside
