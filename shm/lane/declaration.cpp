#include "shm/lane/declaration.hpp"

#include <algorithm>

namespace ringside::shm {

std::uint32_t Declaration::declare(DeclarationKind kind, std::uint32_t lane,
                                   std::string_view said) noexcept {
    const std::uint32_t before = head.sequence.load(std::memory_order_relaxed);
    head.sequence.store(before + 1, std::memory_order_relaxed);
    // release fence: the odd sequence comes before what follows.
    std::atomic_thread_fence(std::memory_order_release);
    head.kind.store(static_cast<std::uint32_t>(kind), std::memory_order_relaxed);
    head.lane.store(lane, std::memory_order_relaxed);
    head.bytes.store(static_cast<std::uint32_t>(said.size()), std::memory_order_relaxed);
    for (std::size_t i = 0; i < said.size(); ++i) {
        text[i].store(said[i], std::memory_order_relaxed);
    }
    // release: pairs with the broker's first acquire.
    head.sequence.store(before + 2, std::memory_order_release);
    return before + 2;
}

std::optional<Declaration::Content> Declaration::read(std::uint32_t& sequence) const {
    sequence = head.sequence.load(std::memory_order_acquire);
    if (sequence % 2 != 0) return std::nullopt;
    Content content;
    content.kind = static_cast<DeclarationKind>(head.kind.load(std::memory_order_relaxed));
    content.lane = head.lane.load(std::memory_order_relaxed);
    const std::size_t bytes =
        std::min<std::size_t>(head.bytes.load(std::memory_order_relaxed), text.size());
    content.text.resize(bytes);
    for (std::size_t i = 0; i < bytes; ++i)
        content.text[i] = text[i].load(std::memory_order_relaxed);
    // acquire fence: pairs with the client's release fence after its odd sequence.
    std::atomic_thread_fence(std::memory_order_acquire);
    if (head.sequence.load(std::memory_order_relaxed) != sequence) return std::nullopt;
    return content;
}

}  // namespace ringside::shm
