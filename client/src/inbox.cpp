#include "inbox.hpp"

#include <algorithm>
#include <thread>

namespace ringside::detail {

namespace {

/// Upper bound of a sleep: limits how long a new broker or the loss of the grid goes undetected.
constexpr std::chrono::milliseconds slice_max{50};

}  // namespace

Result<std::unique_ptr<Inbox>> Inbox::open(std::shared_ptr<Client::Impl> client,
                                           shm::DeclarationKind kind, OnRegistered on_registered) {
    if (auto online = client->check_online(); !online) return online.error();
    auto attachment = client->attachment();
    if (attachment && (*attachment)->check_lost()) attachment = client->attachment();
    if (!attachment) return attachment.error();
    std::unique_ptr<Inbox> inbox(new Inbox(std::move(client), kind, std::move(on_registered)));
    if (auto moved = inbox->move_to(std::move(*attachment)); !moved) return moved.error();
    return inbox;
}

Result<std::unique_ptr<Inbox>> Inbox::open(std::shared_ptr<Client::Impl> client,
                                           shm::DeclarationKind kind, std::string_view pattern) {
    if (const auto parsed = Pattern::parse(pattern); !parsed) return parsed.error();
    auto inbox = open(std::move(client), kind, OnRegistered());
    if (!inbox) return inbox;
    auto id = (*inbox)->add(pattern);
    if (!id) return id.error();
    auto settled = (*inbox)->settle(*id, (*inbox)->client_->options().timeout);
    if (!settled) return settled.error();
    return inbox;
}

Inbox::~Inbox() { give_back(); }

// Patterns.

Result<std::uint64_t> Inbox::add(std::string_view pattern) {
    auto parsed = Pattern::parse(pattern);
    if (!parsed) return parsed.error();
    const std::lock_guard lock(mutex_);
    const std::uint64_t id = last_id_ + 1;
    Entry entry{std::move(*parsed)};
    if (auto declared = declare(id, entry); !declared) return declared.error();
    entries_.emplace(id, std::move(entry));
    ++unsettled_;  // SYNC outcomes-missing: pairs with has_outcomes().
    return ++last_id_;
}

void Inbox::remove(std::uint64_t id) {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(id);
    if (entry == entries_.end()) return;
    if (entry->second.declared) ids_.erase(entry->second.declared->receipt().number());
    if (!entry->second.outcome) --unsettled_;
    entries_.erase(entry);
}

Result<void> Inbox::settle(std::uint64_t id, std::chrono::milliseconds timeout) const {
    std::optional<Receipt> receipt;
    {
        const std::lock_guard lock(mutex_);
        const auto entry = entries_.find(id);
        if (entry == entries_.end())
            return Error(Errc::bad_request, "no pattern has this identifier");
        if (!entry->second.declared) return Error(Errc::lane_limit);
        receipt = entry->second.declared->receipt();
    }
    Patience patience = client_->patience();
    patience.timeout = timeout;
    return receipt->settle(patience);
}

bool Inbox::has(std::uint64_t id) const {
    const std::lock_guard lock(mutex_);
    return entries_.contains(id);
}

/// REQUIRES: the mutex is held.
Result<void> Inbox::declare(std::uint64_t id, Entry& entry) {
    auto made = Declared::make(attachment_, kind_, channel_->index(), entry.pattern.text());
    if (!made) return made.error();
    ids_.emplace(made->receipt().number(), id);
    entry.declared = std::move(*made);
    return {};
}

std::uint64_t Inbox::id_of(std::uint64_t declaration) const {
    const std::lock_guard lock(mutex_);
    const auto id = ids_.find(declaration);
    return id == ids_.end() ? 0 : id->second;
}

// Decisions of the broker.

std::optional<Errc> Inbox::Entry::said() const noexcept {
    return declared ? declared->receipt().outcome() : Errc::lane_limit;
}

bool Inbox::has_outcomes() const {
    // SYNC outcomes-missing: pairs with add() and take_outcomes().
    if (unsettled_.load() == 0) return false;
    const std::lock_guard lock(mutex_);
    return std::any_of(entries_.begin(), entries_.end(), [](const auto& entry) {
        return !entry.second.outcome && entry.second.said().has_value();
    });
}

Inbox::Outcomes Inbox::take_outcomes() {
    Outcomes taken;
    const std::lock_guard lock(mutex_);
    for (auto& [id, entry] : entries_) {
        if (entry.outcome) continue;
        const auto said = entry.said();
        if (!said) continue;
        entry.outcome = Error(*said);
        --unsettled_;
        taken.emplace_back(id, *said);
    }
    return taken;
}

/// Not under the mutex: the user may add and remove patterns, and may throw.
void Inbox::tell_outcomes() {
    // SYNC outcomes-missing: pairs with add() and take_outcomes().
    if (unsettled_.load() > 0) {
        for (auto& outcome : take_outcomes()) undelivered_.push_back(std::move(outcome));
    }
    while (!undelivered_.empty()) {
        const auto [id, outcome] = std::move(undelivered_.front());
        undelivered_.pop_front();
        if (!on_settled_) continue;  // `refusal` finds it
        on_settled_(id, outcome.code == Errc::ok ? Result<void>() : Result<void>(outcome));
    }
}

/// Returns the error of the first refused pattern, if there is no OnRegistered.
std::optional<Error> Inbox::refusal() const {
    if (on_settled_) return std::nullopt;
    const std::lock_guard lock(mutex_);
    for (const auto& [id, entry] : entries_) {
        if (entry.outcome && entry.outcome->code != Errc::ok) return entry.outcome;
    }
    return std::nullopt;
}

// Polling.

Result<Inbox::Arrival> Inbox::take() {
    if (auto kept = keep_session(); !kept) return kept.error();
    tell_outcomes();
    while (const auto reply = channel_->take_one()) {
        const wire::Delivery* brought = reply->delivery();
        if (brought != nullptr) return Arrival{brought, id_of(brought->declaration())};
    }
    if (auto refused = refusal()) return *std::move(refused);
    return Error(Errc::would_block);
}

Result<void> Inbox::keep_session() {
    const bool is_over =
        !attachment_->follow() || attachment_->is_lost() || attachment_->is_grid_over();
    if (!is_over) return {};
    attachment_->check_lost();
    auto attachment = client_->attachment_at_once();
    if (!attachment) return attachment.error();
    return move_to(std::move(*attachment));
}

Result<void> Inbox::move_to(std::shared_ptr<Attachment> attachment) {
    auto channel = attachment->take_lane();
    if (channel == nullptr) return Error(Errc::lane_limit);
    const std::lock_guard lock(mutex_);
    give_back();
    attachment_ = std::move(attachment);
    channel_ = std::move(channel);
    for (auto& [id, entry] : entries_) {
        entry.outcome.reset();
        // A pattern without a declaration is reported as refused, like the others, in
        // `take_outcomes`.
        static_cast<void>(declare(id, entry));
    }
    unsettled_ = entries_.size();
    return {};
}

/// Withdraws first: the next user of the lane skips later deliveries.
void Inbox::give_back() noexcept {
    for (auto& [id, entry] : entries_) entry.declared.reset();
    ids_.clear();
    if (channel_ == nullptr) return;
    if (attachment_->is_of_parent()) channel_.reset();
    else attachment_->give_back_lane(std::move(channel_));
}

void Inbox::wait(Deadline deadline) {
    if (attachment_->is_lost()) {
        std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(slice_max, deadline.left()));
        return;
    }
    Patience patience = client_->patience_with_others();
    patience.slice_max = slice_max;
    // The next `take` detects the reason for the end of the wait.
    // SYNC interrupted: pairs with interrupt().
    static_cast<void>(channel_->await_any(
        deadline, patience, [this] { return is_interrupted_.load() || has_outcomes(); }));
}

void Inbox::interrupt() noexcept {
    // SYNC interrupted: pairs with next() and wait().
    is_interrupted_.store(true);
    const std::lock_guard lock(mutex_);
    channel_->wake();
}

Result<void> Inbox::tell(const shm::RequestWriter::Message& message) const {
    std::shared_ptr<Attachment> session;
    {
        const std::lock_guard lock(mutex_);
        session = attachment_;
    }
    return client_->tell(*session, message);
}

}  // namespace ringside::detail
