#include "listener_impl.hpp"
#include "shm/name/name.hpp"
#include "shm/name/system_name.hpp"

namespace ringside {

Result<Listener> Client::listen(std::string_view pattern) {
    auto inbox = detail::Inbox::open(impl_, shm::DeclarationKind::listen, pattern);
    if (!inbox) return inbox.error();
    return Listener(std::make_shared<Listener::Impl>(std::move(*inbox)));
}
Result<Listener> Client::listen(OnRegistered on_registered) {
    auto inbox = detail::Inbox::open(impl_, shm::DeclarationKind::listen, std::move(on_registered));
    if (!inbox) return inbox.error();
    return Listener(std::make_shared<Listener::Impl>(std::move(*inbox)));
}

Result<Interest> Listener::Impl::poll() {
    for (;;) {
        if (auto told = next_untold()) return *std::move(told);
        const auto* session = inbox_->attachment().get();
        const auto arrival = inbox_->take();
        const std::lock_guard lock(mutex_);
        if (inbox_->attachment().get() != session) {
            // The next session is asked for these subjects again.
            give_up_if([](const auto&) { return true; });
        }
        if (arrival) take(*arrival->delivery, arrival->pattern_id);
        else if (undelivered_.empty()) return arrival.error();
    }
}

std::optional<Interest> Listener::Impl::next_untold() {
    const std::lock_guard lock(mutex_);
    if (undelivered_.empty()) return std::nullopt;
    Interest told = std::move(undelivered_.front());
    undelivered_.pop_front();
    return told;
}

void Listener::Impl::take(const wire::Delivery& brought, std::uint64_t pattern_id) {
    if (brought.kind() == wire::DeliveryKind::reset) {
        for (auto& [key, subject] : subjects_) subject.is_renewed = false;
        return;
    }
    // A removed pattern has no subjects: the broker asks another listener when it knows of the
    // removal.
    if (!inbox_->has(pattern_id)) return;
    if (brought.kind() == wire::DeliveryKind::renewed) {
        give_up_if([pattern_id](const auto& held) {
            return held.first.first == pattern_id && !held.second.is_renewed;
        });
        return;
    }
    if (brought.name() == nullptr) return;
    Key key{pattern_id, brought.name()->str()};
    if (brought.kind() == wire::DeliveryKind::wanted) return want(std::move(key), brought.id());
    if (brought.kind() == wire::DeliveryKind::unwanted && subjects_.erase(key) > 0) {
        undelivered_.push_back(
            {InterestKind::unwanted, std::move(key.second), brought.id(), pattern_id});
    }
}

void Listener::Impl::want(Key key, std::uint64_t id) {
    const auto [subject, is_new] = subjects_.try_emplace(key);
    subject->second.id = id;
    subject->second.is_renewed = true;
    // If the message is not delivered, the broker asks another listener and reports that.
    if (subject->second.is_accepted) static_cast<void>(tell(wire::MessageKind::acceptance, id));
    if (!is_new) return;
    subject->second.notice_id = id;
    undelivered_.push_back({InterestKind::wanted, std::move(key.second), id, key.first});
}

template <class IsGivenUp>
void Listener::Impl::give_up_if(const IsGivenUp& is_given_up) {
    std::erase_if(subjects_, [&](const auto& held) {
        if (!is_given_up(held)) return false;
        const auto& [key, subject] = held;
        undelivered_.push_back({InterestKind::unwanted, key.second, subject.notice_id, key.first});
        return true;
    });
}

void Listener::Impl::remove(std::uint64_t pattern_id) {
    const std::lock_guard lock(mutex_);
    inbox_->remove(pattern_id);
    const auto first = subjects_.lower_bound({pattern_id, {}});
    subjects_.erase(first, subjects_.lower_bound({pattern_id + 1, {}}));
    std::erase_if(undelivered_, [&](const Interest& one) { return one.pattern_id == pattern_id; });
}

/// Returns null if the subject is no longer wanted.
Listener::Impl::Subject* Listener::Impl::find(const Interest& interest) {
    const auto subject = subjects_.find({interest.pattern_id, interest.subject});
    if (subject == subjects_.end() || subject->second.notice_id != interest.id) return nullptr;
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
    const auto kept = impl_;  // OnRegistered may destroy this
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
Result<void> Listener::wait_registered(std::uint64_t pattern_id,
                                       std::chrono::milliseconds timeout) const {
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
