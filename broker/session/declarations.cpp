#include "broker/session/declarations.hpp"

#include <utility>

namespace ringside::broker {

using shm::Declaration;

void Declarations::review(const shm::SessionMemoryView& memory,
                          const std::function<void(const Change&)>& on_change) {
    // Load the count first: later changes are then read again.
    using Count = shm::Untrusted<std::uint32_t>;
    const shm::SessionControl& control = memory.control();
    // Only compared: every value is valid.
    // SYNC declaration-changed: pairs with Attachment::announce_declarations(); the counted
    // declarations are visible.
    seen_ = Count::load(control.declarations_changed, std::memory_order_acquire).any();
    // SYNC unpaired: stored relaxed before the count of changes, which is loaded above.
    const std::size_t count = Count::load(control.declarations_used, std::memory_order_acquire)
                                  .at_most(limits::declarations_per_session_max);
    if (count > places_.size()) places_.resize(count);
    for (std::uint32_t i = 0; i < places_.size(); ++i) {
        const Declaration& declaration = memory.declaration(i);
        Place& place = places_[i];
        // SYNC declaration-sequence: pairs with C3; only compared, `read` loads it again.
        const auto now = Count::load(declaration.head.sequence, std::memory_order_acquire);
        if (now.any() == place.sequence) continue;
        std::uint32_t sequence = 0;
        auto content = declaration.read(sequence);
        if (!content) continue;  // counted again when the write completes
        bytes_ = bytes_ + bytes_of(*content) - bytes_of(place.content);
        const Declaration::Content before = std::exchange(place.content, *content);
        place.sequence = sequence;
        on_change({i, sequence, before, *content});
    }
}

void Declarations::clear(const std::function<void(const Change&)>& on_change) {
    for (std::uint32_t i = 0; i < places_.size(); ++i) {
        on_change({i, places_[i].sequence, std::exchange(places_[i].content, {}), {}});
    }
    places_.clear();
    bytes_ = 0;
}

std::size_t Declarations::bytes_of(const Declaration::Content& content) noexcept {
    if (content.kind == shm::DeclarationKind::none) return 0;
    const bool has_record = content.kind != shm::DeclarationKind::watch;
    const std::size_t copies = has_record ? 10 : 4;
    return (has_record ? 1024 : 512) + copies * content.text.size();
}

}  // namespace ringside::broker
