#include "watch_sync.hpp"

#include "scan.hpp"

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
        after_.clear();
    }
    return false;
}

/// The next records of the current part; none: it is at its end.
void WatchSync::fill() {
    batch_.clear();
    next_ = 0;
    const auto add = [this](const RecordView& record) {
        batch_.push_back(record);
        return batch_.size() < detail::scan_batch_max;
    };
    detail::scan_pattern_after(pin_.attachment().segment(), at_, *parts_.back().pattern, after_,
                               add);
    if (!batch_.empty()) after_ = batch_.back().name();
}

}  // namespace ringside
