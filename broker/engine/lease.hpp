#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "broker/engine/grid.hpp"

namespace ringside::broker {

/// Watches over the pins that keep memory back: a pin that does so for longer than its lease is
/// revoked, in the segment, where its owner sees it.
///
/// A pin is taken for the same one as long as it is seen with the same revision each time. That
/// cannot confuse a busy reader with a stuck one: once the horizon has passed a revision, or a
/// newer one is published, a reader takes a newer one for its next pin.
class LeaseBook {
public:
    using Revoke = std::function<void(const HeldPin&)>;

    explicit LeaseBook(Revoke revoke) : revoke_(std::move(revoke)) {}

    /// `pins`: all that are set now. `kept_back`: pins below this revision keep memory back.
    /// `published`: pins at it are as new as can be, and have no lease yet.
    void review(std::span<const HeldPin> pins, Revision kept_back, Revision published,
                std::uint64_t now_ns);

    /// Revokes every pin below `kept_back` now: memory is short.
    void revoke_all(std::span<const HeldPin> pins, Revision kept_back);

    [[nodiscard]] bool is_revoked(const HeldPin& pin) const;

private:
    struct Entry {
        Revision revision = 0;
        std::uint64_t since_ns = 0;
        bool is_revoked = false;
        bool is_seen = false;
    };
    using Key = std::pair<std::uint32_t, std::uint32_t>;

    void revoke(const HeldPin& pin, Entry& entry);

    Revoke revoke_;
    std::map<Key, Entry> entries_;
};

}  // namespace ringside::broker
