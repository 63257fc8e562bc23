#include "watch_sync.hpp"

namespace ringside {

WatchSync::WatchSync(detail::PinSlotHolder pin, Revision revision, const WatchFilter& filter)
    : pin_(std::move(pin)), at_(revision) {
    if (filter.provided()) parts_.push_back({&*filter.provided(), WatchKind::provided});
    if (filter.delivers(WatchFor::changes)) {
        parts_.push_back({&filter.pattern(), WatchKind::current});
    }
}

bool WatchSync::next(WatchEvent& event) {
    while (!parts_.empty()) {
        if (next_ == batch_.size()) fill();
        if (next_ < batch_.size()) {
            event.kind = parts_.back().kind;
            event.record = batch_[next_++];
            if (event.kind == WatchKind::provided) {
                event.record = WatchFilter::subject_of(event.record);
            }
            return true;
        }
        parts_.pop_back();
        scan_.reset();
        batch_ = {};
        next_ = 0;
    }
    return false;
}

/// The next records of the current part; none: it is at its end.
void WatchSync::fill() {
    if (!scan_)
        scan_.emplace(pin_.attachment().segment(), at_, *parts_.back().pattern, NameRange());
    batch_ = scan_->next();
    next_ = 0;
}

}  // namespace ringside
