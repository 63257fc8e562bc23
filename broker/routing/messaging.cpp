#include "broker/routing/messaging.hpp"

#include <algorithm>
#include <utility>

#include "broker/routing/system_document.hpp"
#include "shm/name/name.hpp"
#include "shm/name/system_name.hpp"

namespace ringside::broker {

using shm::DeclarationKind;
using wire::MessageKind;

namespace {

/// Minimum interval between reads of a session's declarations. It grows with the number of changes
/// in the last read, so that a session with constant changes costs the others little.
constexpr std::uint64_t review_interval_ns = 50'000;
constexpr std::uint64_t review_interval_per_change_ns = 200'000;

/// After a session with more changes than this, a turn reads no further sessions.
constexpr std::size_t changes_per_turn = 16;

bool is_provider(DeclarationKind kind) noexcept {
    return kind == DeclarationKind::provide || kind == DeclarationKind::listen;
}

/// Errors: bad_user, permission_denied.
Result<void> check_present(const Session& session, std::string_view user) {
    if (!session.peer().access.may_write_something()) return Error(Errc::permission_denied);
    if (user.empty()) return Error(Errc::bad_user);
    return system_name::check_user(user);
}

std::string record_name(const shm::Declaration::Content& content, SessionId session) {
    return content.kind == DeclarationKind::provide
               ? system_name::provider(content.text, session, content.lane)
               : system_name::listener(content.text, session, content.lane);
}

}  // namespace

Messaging::Messaging(const shm::SegmentView& segment, Grid& grid, std::vector<Lane*>& touched,
                     MessagingOptions options)
    : segment_(segment),
      records_(grid),
      deliveries_(touched),
      options_(options),
      calls_(deliveries_, options),
      interest_(segment, grid, deliveries_, records_, options),
      presence_(records_) {}

// Sessions.

void Messaging::opened(const Session& session, std::uint64_t now_ns) {
    const shm::SessionEntry& entry = segment_.session(session.index());
    newcomers_[session.id()] = {
        now_ns + options_.session_record_ns,
        document_of_session(session, entry.opened_ns.load(std::memory_order_relaxed))};
    if (session.peer().user.empty()) return;
    introduce(session.id());
    presence_.appear(session.peer().user, session.id());
}

void Messaging::introduce(SessionId session) {
    const auto newcomer = newcomers_.find(session);
    if (newcomer == newcomers_.end()) return;
    note(session, system_name::session(session), std::move(newcomer->second.document));
    newcomers_.erase(newcomer);
}

void Messaging::introduce_due(std::uint64_t now_ns) {
    while (!newcomers_.empty()) {
        const auto& [session, newcomer] = *newcomers_.begin();
        // Also handles a clock that was set back.
        const bool is_due =
            newcomer.due_ns <= now_ns || newcomer.due_ns - now_ns > options_.session_record_ns;
        if (!is_due) return;
        introduce(session);
    }
}

void Messaging::resumed(Session& session, std::size_t absent_left, std::uint64_t now_ns) {
    // Entries that are declared again now must not disappear in between.
    const auto records_before = records_of_[session.id()];
    const auto users_before = presence_.said_by(session.id());
    opened(session, now_ns);
    if (records_before.contains(system_name::session(session.id()))) introduce(session.id());
    session.adopt_lanes();
    for (const auto& lane : session.lanes()) {
        deliveries_.bring(*lane, {.kind = wire::DeliveryKind::reset, .id = lane->last_number()});
    }
    read_declarations(session, now_ns);
    for (const auto& [name, times] : records_before) drop(session.id(), name);
    presence_.take_back(users_before, session.id());
    calls_.stop_expecting(session.id());
    interest_.come_back(session);
    if (absent_left == 0) interest_.end_inheritance();
}

void Messaging::ended(Session& session, std::uint64_t now_ns) {
    session.declarations().clear([&](const Declarations::Change& change) {
        if (change.before.kind == DeclarationKind::watch) undeclare(session, change, now_ns);
    });
    calls_.end(session, now_ns);
    interest_.end(session);
    presence_.end(session.id());
    newcomers_.erase(session.id());
    for (const auto& [name, times] : records_of_[session.id()]) records_.erase(name);
    records_of_.erase(session.id());
    const std::byte* begin = session.memory().view().base();
    std::erase_if(wakes_, [&](const shm::HalfWord* word) {
        const auto* at = reinterpret_cast<const std::byte*>(word);
        return at >= begin && at < begin + shm::session_memory_bytes;
    });
}

/// Sets a record that ends with its session.
void Messaging::note(SessionId session, std::string name, Bytes document) {
    ++records_of_[session][name];
    records_.set(std::move(name), std::move(document));
}

void Messaging::drop(SessionId session, const std::string& name) {
    auto& its = records_of_[session];
    const auto record = its.find(name);
    if (record == its.end() || --record->second > 0) return;
    its.erase(record);
    records_.erase(name);
}

// Declarations.

void Messaging::review(Session& session, std::uint64_t now_ns) {
    // A clock that was set back ends the pause.
    const bool is_too_soon = now_ns < session.review_due_ns && now_ns >= session.reviewed_ns;
    if (is_too_soon || changes_read_ > changes_per_turn || !session.has_declared()) return;
    session.adopt_lanes();
    const std::size_t changes = read_declarations(session, now_ns);
    changes_read_ += changes;
    session.reviewed_ns = now_ns;
    session.review_due_ns =
        now_ns + review_interval_ns +
        (changes - std::min<std::size_t>(changes, 1)) * review_interval_per_change_ns;
}

/// Adds new watches and users before it removes ended ones, so that an entry that is replaced by an
/// equal one never disappears. Providers and listeners use the reverse order, because a lane can
/// have only one of the two kinds.
std::size_t Messaging::read_declarations(Session& session, std::uint64_t now_ns) {
    std::vector<Declarations::Change> changes;
    const std::size_t bytes_before = session.declarations().bytes();
    session.declarations().review(session.memory().view(), [&](const Declarations::Change& change) {
        changes.push_back(change);
    });
    session.account().charge(session.declarations().bytes());
    session.account().release(bytes_before);
    if (!changes.empty()) introduce(session.id());
    for (const auto& change : changes) declare_first(session, change);
    for (const auto& change : changes) undeclare(session, change, now_ns);
    for (const auto& change : changes) declare(session, change);
    return changes.size();
}

/// Declares a watch or a user.
void Messaging::declare_first(Session& session, const Declarations::Change& change) {
    const auto& now = change.now;
    if (now.kind == DeclarationKind::watch) {
        if (const auto pattern = Pattern::parse(now.text)) interest_.watch(*pattern);
    }
    if (now.kind != DeclarationKind::present) return;
    const auto checked = check_present(session, now.text);
    if (checked) presence_.appear(now.text, session.id());
    settle(session, change, checked ? Errc::ok : checked.error().code);
}

/// Declares a provider or listener.
void Messaging::declare(Session& session, const Declarations::Change& change) {
    const auto& now = change.now;
    if (!is_provider(now.kind)) return;
    auto pattern = check_provider(session, now);
    if (pattern) {
        note(session.id(), record_name(now, session.id()),
             document_of_provider(now.text, session.id(), now.lane));
        if (now.kind == DeclarationKind::provide) {
            calls_.provide(session, change, std::move(*pattern));
        } else {
            interest_.listen(session, change, std::move(*pattern));
        }
    }
    settle(session, change, pattern ? Errc::ok : pattern.error().code);
    // A client that sleeps at the lane might need a wake-up.
    if (now.lane >= session.lanes().size()) return;
    wakes_.push_back(&session.memory().view().lane(now.lane).broker_reply.reply_tail);
}

/// Stores the outcome of a declaration, and wakes clients that wait for it.
void Messaging::settle(Session& session, const Declarations::Change& change, Errc outcome) {
    shm::Declaration& declaration = session.memory().view().declaration(change.place);
    declaration.settle(change.sequence, static_cast<std::uint32_t>(outcome));
    wakes_.push_back(&declaration.outcome.sequence);
}

/// Reverses an earlier declaration. If it was refused, there is nothing to remove.
void Messaging::undeclare(const Session& session, const Declarations::Change& change,
                          std::uint64_t now_ns) {
    const auto& before = change.before;
    switch (before.kind) {
        case DeclarationKind::watch:
            if (const auto pattern = Pattern::parse(before.text)) interest_.unwatch(*pattern);
            break;
        case DeclarationKind::present:
            if (check_present(session, before.text)) presence_.disappear(before.text, session.id());
            break;
        case DeclarationKind::provide:
        case DeclarationKind::listen: undeclare_provider(session, change, now_ns); break;
        case DeclarationKind::none: break;
    }
}

void Messaging::undeclare_provider(const Session& session, const Declarations::Change& change,
                                   std::uint64_t now_ns) {
    const bool provides = calls_.providers().find(session, change.place) != nullptr;
    const bool listens = interest_.listeners().find(session, change.place) != nullptr;
    if (!provides && !listens) return;
    if (provides) calls_.withdraw(session, change.place, now_ns);
    else interest_.withdraw(session, change.place);
    drop(session.id(), record_name(change.before, session.id()));
}

Result<Pattern> Messaging::check_provider(Session& session,
                                          const shm::Declaration::Content& content) const {
    auto pattern = Pattern::parse(content.text);
    if (!pattern) return pattern;
    if (is_reserved(content.text)) return Error(Errc::reserved_name);
    if (!session.peer().access.may_provide(*pattern)) return Error(Errc::permission_denied);
    if (record_name(content, session.id()).size() > limits::name_bytes_max) {
        return Error(Errc::bad_pattern);
    }
    const ProviderRegistry& others =
        content.kind == DeclarationKind::provide ? interest_.listeners() : calls_.providers();
    const bool has_other_kind = others.is_on_lane(session, content.lane);
    if (content.lane >= session.lanes().size() || has_other_kind) return Error(Errc::bad_request);
    return pattern;
}

// Messages.

Result<void> Messaging::serve(Session& session, std::uint32_t lane, std::uint64_t number,
                              const Message& message, std::uint64_t now_ns) {
    switch (message.kind) {
        case MessageKind::call:
            if (!session.peer().access.may_write(message.name)) {
                return Error(Errc::permission_denied, std::string(message.name));
            }
            return calls_.call(session, lane, number, message, now_ns);
        case MessageKind::answer:
        case MessageKind::failure: calls_.answer(session, message); break;
        case MessageKind::rejection:
            if (!interest_.reject(session, message.id)) calls_.reject(session, message.id, now_ns);
            break;
        case MessageKind::abandonment: calls_.abandon(session, message.id, now_ns); break;
        case MessageKind::cancel: calls_.cancel(session, lane, message.id); break;
        case MessageKind::acceptance: interest_.accept(session, message.id); break;
    }
    return {};
}

void Messaging::turn(std::uint64_t now_ns) {
    changes_read_ = 0;
    introduce_due(now_ns);
    calls_.turn(now_ns);
    interest_.turn(now_ns);
    records_.write(now_ns);
}

void Messaging::take_wakes(std::vector<const shm::HalfWord*>& out) {
    out.insert(out.end(), wakes_.begin(), wakes_.end());
    wakes_.clear();
}

void Messaging::store_counters(shm::Counters& counters) const noexcept {
    const auto store = [](shm::Word& word, std::uint64_t value) {
        word.store(value, std::memory_order_relaxed);
    };
    store(counters.calls, calls_.calls_total());
    store(counters.calls_under_way, calls_.under_way());
    store(counters.answers_late, calls_.answers_late());
    store(counters.providers, calls_.providers().size());
    store(counters.listeners, interest_.listeners().size());
    store(counters.subjects_provided, interest_.provided());
    using shm::LimitKind;
    counters.limit(LimitKind::calls)
        .show(limits::calls_max, calls_.under_way(), calls_.calls_refused());
    counters.limit(LimitKind::subjects)
        .show(limits::wanted_subjects_max, interest_.subjects(), interest_.subjects_refused());
    counters.limit(LimitKind::subject_memory)
        .show(limits::wanted_subjects_bytes_max, interest_.subject_bytes(),
              interest_.subjects_refused());
}

}  // namespace ringside::broker
