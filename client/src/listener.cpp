#include "listener_impl.hpp"
#include "shm/name/name.hpp"
#include "shm/name/system_name.hpp"

namespace ringside {

Result<Listener> Client::listen(std::string_view pattern) {
    auto inbox = detail::Inbox::open(impl_, shm::DeclarationKind::listen, pattern);
    if (!inbox) return inbox.error();
    return Listener(std::make_unique<Listener::Impl>(std::move(*inbox)));
}

Result<Interest> Listener::Impl::poll() {
    for (;;) {
        const auto* session = inbox_->attachment().get();
        auto delivery = inbox_->take();
        if (inbox_->attachment().get() != session) give_all_up();
        if (!given_up_.empty()) {  // nothing was delivered: the inbox has just been opened
            Interest interest = std::move(given_up_.front());
            given_up_.pop_front();
            return interest;
        }
        if (!delivery) return delivery.error();
        const wire::Delivery& brought = **delivery;
        if (brought.name() == nullptr) continue;
        std::string name = brought.name()->str();
        if (brought.kind() == wire::DeliveryKind::wanted && want(name, brought.id())) {
            return Interest{InterestKind::wanted, std::move(name), brought.id()};
        }
        if (brought.kind() == wire::DeliveryKind::unwanted && subjects_.erase(name) > 0) {
            return Interest{InterestKind::unwanted, std::move(name), brought.id()};
        }
    }
}

bool Listener::Impl::want(const std::string& name, std::uint64_t id) {
    // Else it was meant for whoever had the lane before.
    if (!inbox_->pattern().matches(name)) return false;
    const auto [subject, is_new] = subjects_.try_emplace(name);
    subject->second.id = id;
    // Where it cannot be told, the broker asks another listener, and says so.
    if (subject->second.is_accepted) static_cast<void>(tell(wire::MessageKind::acceptance, id));
    return is_new;
}

/// The session is over: whoever is asked for these subjects next is asked by the next one.
void Listener::Impl::give_all_up() {
    for (auto& [name, subject] : subjects_) {
        given_up_.push_back({InterestKind::unwanted, name, subject.id});
    }
    subjects_.clear();
}

Result<void> Listener::Impl::accept(const Interest& interest) {
    const auto subject = subjects_.find(interest.subject);
    if (subject == subjects_.end()) return {};  // it is unwanted by now
    auto told = tell(wire::MessageKind::acceptance, subject->second.id);
    if (told) subject->second.is_accepted = true;
    return told;
}

Result<void> Listener::Impl::reject(const Interest& interest) {
    const auto subject = subjects_.find(interest.subject);
    if (subject == subjects_.end()) return {};
    auto told = tell(wire::MessageKind::rejection, subject->second.id);
    if (told) subjects_.erase(subject);
    return told;
}

Result<void> Listener::Impl::tell(wire::MessageKind kind, std::uint64_t id) {
    return inbox_->client()->tell(*inbox_->attachment(), {.kind = kind, .id = id});
}

Listener::Listener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;
Listener::~Listener() = default;
Result<Interest> Listener::poll() { return impl_->poll(); }
Result<Interest> Listener::next(std::chrono::milliseconds timeout) { return impl_->next(timeout); }
Result<void> Listener::accept(const Interest& interest) { return impl_->accept(interest); }
Result<void> Listener::reject(const Interest& interest) { return impl_->reject(interest); }

Result<bool> Client::has_provider(std::string_view subject) const {
    if (auto checked = check_name(subject); !checked) return checked.error();
    auto record = get(system_name::provided(subject));
    if (record) return true;
    if (record.error().code == Errc::not_found) return false;
    return record.error();
}

}  // namespace ringside
