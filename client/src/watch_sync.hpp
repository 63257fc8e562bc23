#pragma once

#include <optional>
#include <span>
#include <vector>

#include "pin_slot.hpp"
#include "ringside/watch.hpp"
#include "scan.hpp"
#include "watch_filter.hpp"

namespace ringside {

/// The state at one revision of all that a watch is for, as it is handed out: the records, then who
/// is provided.
class WatchSync {
public:
    /// REQUIRES: `pin` is set at `revision`; `filter` lives longer.
    WatchSync(detail::PinSlotHolder pin, Revision revision, const WatchFilter& filter);

    [[nodiscard]] bool is_revoked() const noexcept { return pin_.is_revoked(at_); }

    /// Kind and record of the next; false: that was all. Valid until the next call.
    bool next(WatchEvent& event);

private:
    struct Part {
        const Pattern* pattern;
        WatchKind kind;
    };
    void fill();

    detail::PinSlotHolder pin_;
    Revision at_;
    std::vector<Part> parts_;           ///< that are not at their end, the current one at the back
    std::optional<detail::Scan> scan_;  ///< over the current part
    std::span<const RecordView> batch_;
    std::size_t next_ = 0;
};

}  // namespace ringside
