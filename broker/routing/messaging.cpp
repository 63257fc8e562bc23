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

/// Declarations of one session are read at most so often, so that a session that changes its own all
/// the time costs the others little.
constexpr std::uint64_t review_interval_ns = 50'000;

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
      post_(touched),
      calls_(post_, options),
      interest_(segment, grid, post_, records_, options) {}

// Sessions.

void Messaging::opened(const Session& session) {
    const shm::SessionEntry& entry = segment_.session(session.index());
    note(session.id(), system_name::session(session.id()),
         document_of_session(session, entry.opened_ns.load(std::memory_order_relaxed)));
    if (!session.peer().user.empty()) appear(session.peer().user, session.id());
}

void Messaging::resumed(Session& session, std::size_t absent_left, std::uint64_t now_ns) {
    const std::set<std::string> before = std::exchange(records_of_[session.id()], {});
    if (user_of_.contains(session.id()) && user_of_[session.id()] != session.peer().user) {
        disappear(session.id());
    }
    opened(session);
    session.adopt_lanes();
    for (const auto& lane : session.lanes()) {
        post_.bring(*lane, {.kind = wire::DeliveryKind::reset, .id = lane->last_number()});
    }
    read_declarations(session, now_ns);
    const std::set<std::string>& now = records_of_[session.id()];
    for (const std::string& name : before) {
        if (!now.contains(name)) records_.erase(name);
    }
    if (absent_left == 0) interest_.end_inheritance();
}

void Messaging::ended(Session& session, std::uint64_t now_ns) {
    session.declarations().clear([&](const Declarations::Change& change) {
        if (change.before.kind == DeclarationKind::watch) undeclare(session, change, now_ns);
    });
    calls_.end(session, now_ns);
    interest_.end(session);
    disappear(session.id());
    for (const std::string& name : std::exchange(records_of_[session.id()], {})) {
        records_.erase(name);
    }
    records_of_.erase(session.id());
    const std::byte* begin = session.memory().view().base();
    std::erase_if(wakes_, [&](const shm::HalfWord* word) {
        const auto* at = reinterpret_cast<const std::byte*>(word);
        return at >= begin && at < begin + shm::session_memory_bytes;
    });
}

void Messaging::appear(const std::string& user, SessionId session) {
    user_of_[session] = user;
    sessions_of_[user].insert(session);
    show_presence(user);
}

void Messaging::disappear(SessionId session) {
    const auto place = user_of_.find(session);
    if (place == user_of_.end()) return;
    const std::string user = place->second;
    user_of_.erase(place);
    sessions_of_[user].erase(session);
    show_presence(user);
}

void Messaging::show_presence(const std::string& user) {
    const auto place = sessions_of_.find(user);
    if (place->second.empty()) {
        records_.erase(system_name::presence(user));
        sessions_of_.erase(place);
        return;
    }
    const std::vector<SessionId> sessions(place->second.begin(), place->second.end());
    records_.set(system_name::presence(user), document_of_presence(sessions));
}

/// A record that ends with its session.
void Messaging::note(SessionId session, std::string name, Bytes document) {
    records_of_[session].insert(name);
    records_.set(std::move(name), std::move(document));
}

// Declarations.

void Messaging::review(Session& session, std::uint64_t now_ns) {
    const bool is_too_soon =
        now_ns >= session.reviewed_ns && now_ns - session.reviewed_ns < review_interval_ns;
    if (is_too_soon || !session.has_declared()) return;
    session.reviewed_ns = now_ns;
    session.adopt_lanes();
    read_declarations(session, now_ns);
}

/// New watches come before those that have ended: where one takes the place of another, what both
/// watch is watched all the time. It is the other way round with lanes, which have one provider each.
void Messaging::read_declarations(Session& session, std::uint64_t now_ns) {
    std::vector<Declarations::Change> changes;
    session.declarations().review(
        session.memory().view(),
        [&](const Declarations::Change& change) { changes.push_back(change); });
    for (const auto& change : changes) {
        if (change.now.kind != DeclarationKind::watch) continue;
        if (const auto pattern = Pattern::parse(change.now.text)) interest_.watch(*pattern);
    }
    for (const auto& change : changes) undeclare(session, change, now_ns);
    for (const auto& change : changes) declare(session, change);
}

/// A provider or listener.
void Messaging::declare(Session& session, const Declarations::Change& change) {
    const auto& now = change.now;
    if (now.kind != DeclarationKind::provide && now.kind != DeclarationKind::listen) return;
    auto pattern = check_provider(session, now);
    if (pattern) {
        note(session.id(), record_name(now, session.id()),
             document_of_provider(now.text, session.id(), now.lane));
        if (now.kind == DeclarationKind::provide) {
            calls_.provide(session, now, change.place, std::move(*pattern));
        } else {
            interest_.listen(session, now, change.place, std::move(*pattern));
        }
    }
    shm::Declaration& declaration = session.memory().view().declaration(change.place);
    const Errc outcome = pattern ? Errc::ok : pattern.error().code;
    declaration.settle(change.sequence, static_cast<std::uint32_t>(outcome));
    wakes_.push_back(&declaration.outcome.sequence);
}

/// Takes back what was declared before. What was refused then is not there.
void Messaging::undeclare(const Session& session, const Declarations::Change& change,
                          std::uint64_t now_ns) {
    const auto& before = change.before;
    if (before.kind == DeclarationKind::watch) {
        if (const auto pattern = Pattern::parse(before.text)) interest_.unwatch(*pattern);
        return;
    }
    const bool is_provider = calls_.providers().find(session, change.place) != nullptr;
    const bool is_listener = interest_.listeners().find(session, change.place) != nullptr;
    if (!is_provider && !is_listener) return;
    if (is_provider) calls_.withdraw(session, change.place, now_ns);
    else interest_.withdraw(session, change.place);
    const std::string name = record_name(before, session.id());
    records_of_[session.id()].erase(name);
    records_.erase(name);
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
    const bool is_taken = calls_.providers().on_lane(session, content.lane) != nullptr ||
                          interest_.listeners().on_lane(session, content.lane) != nullptr;
    if (content.lane >= session.lanes().size() || is_taken) return Error(Errc::bad_request);
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
        case MessageKind::cancel: calls_.cancel(session, lane, message.id); break;
        case MessageKind::acceptance: interest_.accept(session, message.id); break;
    }
    return {};
}

void Messaging::turn(std::uint64_t now_ns) {
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
}

}  // namespace ringside::broker
