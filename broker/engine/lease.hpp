#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "broker/engine/grid.hpp"

namespace ringside::broker {

/// Limits how long pins can hold memory. A pin that holds memory for longer than its lease is
/// revoked in the segment, where its owner sees the revocation.
///
/// A pin counts as the same pin while each review sees it with the same revision. This does not
/// confuse a busy reader with a stuck one. Each new pin of a reader has a newer revision once the
/// horizon has passed the old one, or a newer one is published.
class LeaseRegistry {
public:
    using Revoke = std::function<void(const HeldPin&)>;

    explicit LeaseRegistry(Revoke revoke) : revoke_(std::move(revoke)) {}

    /// `pins`: all pins that are set now. `kept_back`: pins below this revision hold memory.
    /// `published`: pins at this revision are current and have no lease yet.
    void review(std::span<const HeldPin> pins, Revision kept_back, Revision published,
                std::uint64_t now_ns);

    /// Revokes every pin below `kept_back` immediately because memory is short.
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
