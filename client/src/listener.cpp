#include "listener_impl.hpp"
#include "shm/name/name.hpp"
#include "shm/name/system_name.hpp"

namespace ringside {

Result<Listener> Client::listen(std::string_view pattern) {
    auto inbox = detail::Inbox::open(impl_, shm::DeclarationKind::listen, pattern);
    if (!inbox) return inbox.error();
    return Listener(std::make_shared<Listener::Impl>(std::move(*inbox)));
}
Result<Listener> Client::listen(OnSettled on_settled) {
    auto inbox = detail::Inbox::open(impl_, shm::DeclarationKind::listen, std::move(on_settled));
    if (!inbox) return inbox.error();
    return Listener(std::make_shared<Listener::Impl>(std::move(*inbox)));
}

Result<Interest> Listener::Impl::poll() {
    for (;;) {
        const auto* session = inbox_->attachment().get();
        auto arrival = inbox_->take();
        const std::lock_guard lock(mutex_);
        if (inbox_->attachment().get() != session) give_all_up();
        if (!given_up_.empty()) {  // nothing was delivered: the inbox has just been opened
            Interest interest = std::move(given_up_.front());
            given_up_.pop_front();
            return interest;
        }
        if (!arrival) return arrival.error();
        const wire::Delivery& brought = *arrival->delivery;
        // One that was removed has none: the broker asks another listener, when it knows of it.
        if (brought.name() == nullptr || !inbox_->has(arrival->pattern_id)) continue;
        if (auto interest = take(brought, arrival->pattern_id)) return *std::move(interest);
    }
}

/// None: there is nothing to be told.
std::optional<Interest> Listener::Impl::take(const wire::Delivery& brought,
                                             std::uint64_t pattern_id) {
    Key key{pattern_id, brought.name()->str()};
    if (brought.kind() == wire::DeliveryKind::wanted && want(key, brought.id())) {
        return Interest{InterestKind::wanted, std::move(key.second), brought.id(), pattern_id};
    }
    if (brought.kind() == wire::DeliveryKind::unwanted && subjects_.erase(key) > 0) {
        return Interest{InterestKind::unwanted, std::move(key.second), brought.id(), pattern_id};
    }
    return std::nullopt;
}

bool Listener::Impl::want(const Key& key, std::uint64_t id) {
    const auto [subject, is_new] = subjects_.try_emplace(key);
    subject->second.id = id;
    if (is_new) subject->second.told_id = id;
    // Where it cannot be told, the broker asks another listener, and says so.
    if (subject->second.is_accepted) static_cast<void>(tell(wire::MessageKind::acceptance, id));
    return is_new;
}

/// The session is over: whoever is asked for these subjects next is asked by the next one.
void Listener::Impl::give_all_up() {
    for (auto& [key, subject] : subjects_) {
        given_up_.push_back({InterestKind::unwanted, key.second, subject.told_id, key.first});
    }
    subjects_.clear();
}

void Listener::Impl::remove(std::uint64_t pattern_id) {
    const std::lock_guard lock(mutex_);
    inbox_->remove(pattern_id);
    const auto first = subjects_.lower_bound({pattern_id, {}});
    subjects_.erase(first, subjects_.lower_bound({pattern_id + 1, {}}));
    std::erase_if(given_up_, [&](const Interest& one) { return one.pattern_id == pattern_id; });
}

/// Null: it is unwanted by now.
Listener::Impl::Subject* Listener::Impl::find(const Interest& interest) {
    const auto subject = subjects_.find({interest.pattern_id, interest.subject});
    if (subject == subjects_.end() || subject->second.told_id != interest.id) return nullptr;
    return &subject->second;
}

Result<void> Listener::Impl::accept(const Interest& interest) {
    const std::lock_guard lock(mutex_);
    Subject* subject = find(interest);
    if (subject == nullptr) return {};
    auto told = tell(wire::MessageKind::acceptance, subject->id);
    if (told) subject->is_accepted = true;
    return told;
}

Result<void> Listener::Impl::reject(const Interest& interest) {
    const std::lock_guard lock(mutex_);
    const Subject* subject = find(interest);
    if (subject == nullptr) return {};
    auto told = tell(wire::MessageKind::rejection, subject->id);
    if (told) subjects_.erase({interest.pattern_id, interest.subject});
    return told;
}

Result<void> Listener::Impl::tell(wire::MessageKind kind, std::uint64_t id) {
    return inbox_->tell({.kind = kind, .id = id});
}

Listener::Listener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;
Listener::~Listener() = default;
Result<Interest> Listener::poll() {
    const auto kept = impl_;  // OnSettled may destroy this
    return kept->poll();
}
Result<Interest> Listener::next(std::chrono::milliseconds timeout) {
    const auto kept = impl_;
    return kept->next(timeout);
}
Result<void> Listener::accept(const Interest& interest) { return impl_->accept(interest); }
Result<void> Listener::reject(const Interest& interest) { return impl_->reject(interest); }
void Listener::interrupt() noexcept { impl_->inbox().interrupt(); }
Result<std::uint64_t> Listener::add(std::string_view pattern) {
    return impl_->inbox().add(pattern);
}
void Listener::remove(std::uint64_t pattern_id) { impl_->remove(pattern_id); }
Result<void> Listener::settle(std::uint64_t pattern_id, std::chrono::milliseconds timeout) const {
    return impl_->inbox().settle(pattern_id, timeout);
}

Result<bool> Client::has_provider(std::string_view subject) const {
    if (auto checked = check_name(subject); !checked) return checked.error();
    auto record = get(system_name::provided(subject));
    if (record) return true;
    if (record.error().code == Errc::not_found) return false;
    return record.error();
}

}  // namespace ringside
