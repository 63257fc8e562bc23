#include "declared.hpp"

#include <utility>

namespace ringside::detail {

Result<Declared> Declared::make(std::shared_ptr<Attachment> attachment, shm::DeclarationKind kind,
                                std::size_t lane, std::string_view pattern) {
    const auto place = attachment->take_declaration();
    if (!place) return Error(Errc::lane_limit, "too many watches, providers and listeners");
    Declared made(std::move(attachment), *place);
    made.say(kind, lane, pattern);
    return made;
}

Declared::Declared(Declared&& other) noexcept = default;

Declared& Declared::operator=(Declared&& other) noexcept {
    std::swap(attachment_, other.attachment_);
    std::swap(place_, other.place_);
    std::swap(sequence_, other.sequence_);
    return *this;
}

Declared::~Declared() {
    if (attachment_ == nullptr || attachment_->is_of_parent()) return;
    say(shm::DeclarationKind::none, 0, {});
    attachment_->give_back_declaration(place_);
}

void Declared::say(shm::DeclarationKind kind, std::size_t lane, std::string_view pattern) noexcept {
    sequence_ = declaration().declare(kind, static_cast<std::uint32_t>(lane), pattern);
    attachment_->announce_declarations();
}

std::optional<Errc> Declared::outcome() const noexcept {
    const auto& outcome = declaration().outcome;
    // acquire: pairs with the broker's release in `settle`; the error was stored before.
    if (outcome.sequence.load(std::memory_order_acquire) != sequence_) return std::nullopt;
    return static_cast<Errc>(outcome.error.load(std::memory_order_relaxed));
}

Result<void> Declared::settle(const Patience& patience) const {
    const auto ready = [this] { return outcome().has_value(); };
    auto waited = wait_until_ready(*attachment_, {&declaration().outcome.sequence}, ready,
                                   Clock::now() + patience.timeout, patience);
    if (!waited) return waited;
    if (const Errc error = *outcome(); error != Errc::ok) return Error(error);
    return {};
}

}  // namespace ringside::detail
