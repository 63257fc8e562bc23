#include "watch_sync.hpp"

#include <algorithm>
#include <utility>

#include "shm/base/limits.hpp"

namespace ringside {

void SyncedNames::clear() noexcept {
    for (Passages& passages : passages_) passages.clear();
    newest_ = 0;
}

void SyncedNames::begin(WatchKind part, std::string_view from, Revision revision) {
    Passages& passages = passages_[place_of(part)];
    // No name was handed out since the last passage began.
    if (!passages.empty() && passages.back().from == from) passages.pop_back();
    passages.push_back({std::string(from), revision});
    newest_ = std::max(newest_, revision);
}

bool SyncedNames::covers(WatchKind part, std::string_view name, Revision change) const noexcept {
    const Passages& passages = passages_[place_of(part)];
    const auto behind = std::upper_bound(
        passages.begin(), passages.end(), name,
        [](std::string_view wanted, const Passage& one) { return wanted < one.from; });
    return behind != passages.begin() && change <= std::prev(behind)->revision;
}

WatchSync::WatchSync(const WatchFilter& filter, SyncedNames& names) : names_(&names) {
    names.clear();
    if (filter.provided()) parts_.push_back({&*filter.provided(), WatchKind::provided});
    if (filter.delivers(WatchFor::changes)) {
        parts_.push_back({&filter.pattern(), WatchKind::current});
    }
}

Result<void> WatchSync::open(const std::shared_ptr<detail::Attachment>& attachment) {
    auto pin = detail::PinSlotHolder::take(attachment);
    if (!pin) return pin.error();
    pin_ = std::move(*pin);
    return move_on();
}

/// Moves to the newest revision with the same pin slot, so that no free slot is needed.
Result<void> WatchSync::move_on() {
    // Well before the end of the lease, so that no event becomes invalid while a slow consumer
    // holds it.
    constexpr std::chrono::milliseconds time{limits::pin_lease_ms_default / 4};
    scan_.reset();
    batch_ = {};
    next_ = 0;
    const detail::Attachment& attachment = pin_->attachment();
    do {
        if (attachment.is_grid_over()) return Error(Errc::no_such_grid, "the grid has ended");
        at_ = attachment.published();
    } while (!pin_->pin(at_));
    move_on_at_ = shm::Deadline::after(time);
    if (!parts_.empty()) names_->begin(parts_.back().kind, from_, at_);
    return {};
}

Result<bool> WatchSync::next(WatchEvent& event) {
    while (!parts_.empty()) {
        if (is_revoked() || move_on_at_.has_passed()) {
            if (auto moved = move_on(); !moved) return moved.error();
        }
        if (next_ == batch_.size()) fill();
        const bool is_at_end = next_ == batch_.size();
        if (!is_at_end) read_name_ = batch_[next_].name();
        if (is_revoked()) continue;  // the name, or the end, may be invalid
        if (is_at_end) {
            end_part();
            continue;
        }
        event.kind = parts_.back().kind;
        event.record = batch_[next_++];
        if (event.kind == WatchKind::provided) {
            event.record = WatchFilter::subject_of(event.record);
        }
        std::swap(name_, read_name_);
        from_ = name_;
        from_.push_back('\0');  // the next possible name
        return true;
    }
    name_.clear();
    return false;
}

bool WatchSync::take_back_spoilt() {
    if (name_.empty() || !pin_ || !is_revoked()) return false;
    from_ = std::exchange(name_, {});
    return true;
}

void WatchSync::end_part() {
    parts_.pop_back();
    scan_.reset();
    batch_ = {};
    next_ = 0;
    from_.clear();
    if (!parts_.empty()) names_->begin(parts_.back().kind, from_, at_);
}

/// Fetches the next records of the current part; none at its end.
void WatchSync::fill() {
    if (!scan_) {
        scan_.emplace(pin_->attachment().segment(), at_, *parts_.back().pattern,
                      NameRange{from_, {}});
    }
    batch_ = scan_->next();
    next_ = 0;
}

}  // namespace ringside
