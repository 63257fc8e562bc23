#include "shm/lane/declaration.hpp"

#include "shm/lane/untrusted.hpp"

namespace ringside::shm {

namespace {

constexpr auto declaration_kinds_max = static_cast<std::uint32_t>(DeclarationKind::present);

}  // namespace

std::uint32_t Declaration::declare(DeclarationKind kind, std::uint32_t lane,
                                   std::string_view said) noexcept {
    const std::uint32_t before = head.sequence.load(std::memory_order_relaxed);
    head.sequence.store(before + 1, std::memory_order_relaxed);
    // SYNC declaration-sequence: C1, pairs with the fence in `read`: a broker that reads a word of
    // this declaration then sees the odd sequence.
    std::atomic_thread_fence(std::memory_order_release);
    head.kind.store(static_cast<std::uint32_t>(kind), std::memory_order_relaxed);
    head.lane.store(lane, std::memory_order_relaxed);
    head.bytes.store(static_cast<std::uint32_t>(said.size()), std::memory_order_relaxed);
    for (std::size_t i = 0; i < said.size(); ++i) {
        text[i].store(said[i], std::memory_order_relaxed);
    }
    // SYNC declaration-sequence: C3, pairs with the first load in `read`; the declaration is
    // complete.
    head.sequence.store(before + 2, std::memory_order_release);
    return before + 2;
}

std::optional<Declaration::Content> Declaration::read(std::uint32_t& sequence) const {
    using Field = Untrusted<std::uint32_t>;
    // SYNC declaration-sequence: pairs with C3; the words of this sequence are visible.
    const auto stable =
        Field::load(head.sequence, std::memory_order_acquire).checked([](std::uint32_t value) {
            return value % 2 == 0;
        });
    if (!stable) return std::nullopt;
    sequence = *stable;
    Content content;
    // An unknown kind declares nothing.
    content.kind = static_cast<DeclarationKind>(
        Field::load(head.kind, std::memory_order_relaxed)
            .checked([](std::uint32_t kind) { return kind <= declaration_kinds_max; })
            .value_or(0));
    content.lane = Field::load(head.lane, std::memory_order_relaxed).any();
    const std::size_t bytes = Field::load(head.bytes, std::memory_order_relaxed)
                                  .at_most(static_cast<std::uint32_t>(text.size()));
    content.text.resize(bytes);
    for (std::size_t i = 0; i < bytes; ++i)
        content.text[i] = text[i].load(std::memory_order_relaxed);
    // SYNC declaration-sequence: pairs with the fence of C1.
    std::atomic_thread_fence(std::memory_order_acquire);
    if (head.sequence.load(std::memory_order_relaxed) != sequence) return std::nullopt;
    return content;
}

}  // namespace ringside::shm
