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

/// Revisions at which the names of a state were handed out. Changes up to that revision are part of
/// the state, and are not delivered again.
class SyncedNames {
public:
    void clear() noexcept;
    /// Names from this one on are handed out as of `revision`.
    void begin(WatchKind part, std::string_view from, Revision revision);
    /// Returns whether the state includes this change of the name.
    [[nodiscard]] bool covers(WatchKind part, std::string_view name,
                              Revision change) const noexcept;
    /// Returns whether `covers` is false for all changes from this revision on.
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

    std::array<Passages, 2> passages_;  ///< of the records, and of the `provided` records
    Revision newest_ = 0;
};

/// State of everything that a watch delivers, in order: the records, then the providers.
///
/// A consumer may be slower than the lease of any pin. So the walk moves to the newest revision
/// when its pin gets old, is revoked, or belongs to a session that has ended. It continues after
/// the last name that was handed out. Each name is handed out once, in order.
class WatchSync {
public:
    /// REQUIRES: both arguments outlive this object.
    WatchSync(const WatchFilter& filter, SyncedNames& names);

    /// Continues in this session, at its newest revision.
    /// Errors: lane_limit, no_such_grid (the grid has ended). The walk keeps its position on
    /// errors.
    Result<void> open(const std::shared_ptr<detail::Attachment>& attachment);

    /// Sets kind and record of the next item; returns false at the end. Valid until the next call.
    /// Error: no_such_grid (the grid has ended).
    Result<bool> next(WatchEvent& event);

    /// Returns whether the last event may have become invalid while the user held it. It is handed
    /// out again.
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
    std::vector<Part> parts_;           ///< unfinished parts, the current one at the back
    std::string from_;                  ///< names of the current part before this one are done
    std::optional<detail::Scan> scan_;  ///< over the rest of the current part
    std::span<const RecordView> batch_;
    std::size_t next_ = 0;
    std::string read_name_;  ///< not verified yet
    std::string name_;       ///< of the last event; empty if there is none
};

}  // namespace ringside
