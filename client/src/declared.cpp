#include "declared.hpp"

#include <utility>

namespace ringside::detail {

std::optional<Errc> Receipt::outcome() const noexcept {
    const auto& outcome = declaration().outcome;
    // SYNC declaration-outcome: pairs with Declaration::settle; the error is visible.
    if (outcome.sequence.load(std::memory_order_acquire) != sequence_) return std::nullopt;
    return static_cast<Errc>(outcome.error.load(std::memory_order_relaxed));
}

Result<void> Receipt::settle(const Patience& patience) const {
    const auto ready = [this] { return outcome().has_value(); };
    auto waited = wait_until_ready(*attachment_, {&declaration().outcome.sequence}, ready,
                                   Deadline::after(patience.timeout), patience);
    if (!waited) return waited;
    if (const Errc error = *outcome(); error != Errc::ok) return Error(error);
    return {};
}

Result<Declared> Declared::make(std::shared_ptr<Attachment> attachment, shm::DeclarationKind kind,
                                std::size_t lane, std::string_view text) {
    const auto place = attachment->take_declaration();
    if (!place) return Error(Errc::lane_limit, "too many declarations; withdraw one first");
    const std::uint32_t sequence = attachment->memory().declaration(*place).declare(
        kind, static_cast<std::uint32_t>(lane), text);
    attachment->announce_declarations();
    return Declared(Receipt(std::move(attachment), *place, sequence));
}

Declared::Declared(Declared&& other) noexcept = default;

Declared& Declared::operator=(Declared&& other) noexcept {
    std::swap(receipt_, other.receipt_);
    return *this;
}

Declared::~Declared() {
    const auto& attachment = receipt_.attachment_;
    if (attachment == nullptr || attachment->is_of_parent()) return;
    receipt_.declaration().declare(shm::DeclarationKind::none, 0, {});
    attachment->announce_declarations();
    attachment->give_back_declaration(receipt_.place_);
}

}  // namespace ringside::detail
