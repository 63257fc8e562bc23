#include "broker/engine/lease.hpp"

#include <algorithm>

#include "shm/base/limits.hpp"

namespace ringside::broker {

namespace {

std::uint64_t lease_ns(const HeldPin& pin) noexcept {
    const std::uint64_t ms = pin.lease_ms == 0 ? limits::pin_lease_ms_default
                                               : std::min(pin.lease_ms, limits::pin_lease_ms_max);
    return ms * 1'000'000;
}

}  // namespace

void LeaseRegistry::review(std::span<const HeldPin> pins, Revision kept_back, Revision published,
                           std::uint64_t now_ns) {
    for (auto& [key, entry] : entries_) entry.is_seen = false;
    for (const HeldPin& pin : pins) {
        if (pin.revision >= kept_back || pin.revision >= published) continue;
        auto [place, is_new] = entries_.try_emplace({pin.session_index, pin.slot});
        Entry& entry = place->second;
        if (is_new || entry.revision != pin.revision) entry = {pin.revision, now_ns, false, true};
        entry.is_seen = true;
        if (now_ns - entry.since_ns > lease_ns(pin)) revoke(pin, entry);
    }
    std::erase_if(entries_, [](const auto& item) { return !item.second.is_seen; });
}

void LeaseRegistry::revoke_all(std::span<const HeldPin> pins, Revision kept_back) {
    for (const HeldPin& pin : pins) {
        if (pin.revision >= kept_back) continue;
        Entry& entry = entries_[{pin.session_index, pin.slot}];
        if (entry.revision != pin.revision) entry = {pin.revision, 0, false, true};
        revoke(pin, entry);
    }
}

void LeaseRegistry::revoke(const HeldPin& pin, Entry& entry) {
    if (entry.is_revoked) return;
    entry.is_revoked = true;
    revoke_(pin);
}

bool LeaseRegistry::is_revoked(const HeldPin& pin) const {
    const auto place = entries_.find({pin.session_index, pin.slot});
    return place != entries_.end() && place->second.revision == pin.revision &&
           place->second.is_revoked;
}

}  // namespace ringside::broker
