#include "provider_impl.hpp"

namespace ringside {

Result<Provider> Client::provide(std::string_view pattern) {
    auto inbox = detail::Inbox::open(impl_, shm::DeclarationKind::provide, pattern);
    if (!inbox) return inbox.error();
    return Provider(std::make_shared<Provider::Impl>(std::move(*inbox)));
}
Result<Provider> Client::provide(OnRegistered on_registered) {
    auto inbox =
        detail::Inbox::open(impl_, shm::DeclarationKind::provide, std::move(on_registered));
    if (!inbox) return inbox.error();
    return Provider(std::make_shared<Provider::Impl>(std::move(*inbox)));
}

Result<Call> Provider::Impl::poll() {
    for (;;) {
        const auto* session = inbox_->attachment().get();
        auto arrival = inbox_->take();
        // The callers of a session that has ended have already been notified.
        if (inbox_->attachment().get() != session) cancel([](const Call::Impl&) { return true; });
        if (!arrival) return arrival.error();
        const wire::Delivery& brought = *arrival->delivery;
        switch (brought.kind()) {
            case wire::DeliveryKind::offer:
                if (auto call = take(brought, arrival->pattern_id)) return Call(std::move(call));
                break;
            case wire::DeliveryKind::cancelled:
                cancel([&](const Call::Impl& call) { return call.id() == brought.id(); });
                break;
            case wire::DeliveryKind::reset: cancel([](const Call::Impl&) { return true; }); break;
            default: break;  // for a former user of the lane
        }
    }
}

/// Returns null if the offer was withdrawn, or was for a former user of the lane.
std::shared_ptr<Call::Impl> Provider::Impl::take(const wire::Delivery& offer,
                                                 std::uint64_t pattern_id) {
    if (offer.name() == nullptr || offer.place() >= taken_.size()) return nullptr;
    if (pattern_id == 0 || !claim(offer)) return nullptr;
    auto call =
        std::make_shared<Call::Impl>(inbox_->client(), inbox_->attachment(), offer, pattern_id);
    taken_[offer.place()] = call;
    return call;
}

bool Provider::Impl::claim(const wire::Delivery& offer) const noexcept {
    std::uint64_t expected = shm::Claims::offered(offer.id());
    // SYNC call-claim: P1 of shm::Claims, pairs with B1 and B2: one of the two exchanges succeeds.
    return inbox_->claims().words[offer.place()].compare_exchange_strong(
        expected, shm::Claims::taken(offer.id()), std::memory_order_seq_cst);
}

template <class Chosen>
void Provider::Impl::cancel(const Chosen& is_chosen) {
    for (const auto& place : taken_) {
        const auto call = place.lock();
        if (call != nullptr && is_chosen(*call)) call->cancel();
    }
}

Provider::Provider(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Provider::Provider(Provider&&) noexcept = default;
Provider& Provider::operator=(Provider&&) noexcept = default;
Provider::~Provider() = default;
Result<Call> Provider::poll() {
    const auto kept = impl_;  // OnRegistered may destroy this
    return kept->poll();
}
Result<Call> Provider::next(std::chrono::milliseconds timeout) {
    const auto kept = impl_;
    return kept->next(timeout);
}
void Provider::interrupt() noexcept { impl_->inbox().interrupt(); }
Result<std::uint64_t> Provider::add(std::string_view pattern) {
    return impl_->inbox().add(pattern);
}
void Provider::remove(std::uint64_t pattern_id) { impl_->inbox().remove(pattern_id); }
Result<void> Provider::wait_registered(std::uint64_t pattern_id,
                                       std::chrono::milliseconds timeout) const {
    return impl_->inbox().settle(pattern_id, timeout);
}

}  // namespace ringside
