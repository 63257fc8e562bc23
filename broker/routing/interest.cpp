#include "broker/routing/interest.hpp"

#include <algorithm>

#include "broker/routing/system_document.hpp"
#include "shm/name/name.hpp"
#include "shm/name/system_name.hpp"

namespace ringside::broker {

using wire::DeliveryKind;
using State = InterestRouter::Subject::State;

namespace {

/// Estimates the broker memory of a subject and of the record that describes it.
std::size_t subject_bytes_of(std::string_view name) noexcept { return 512 + 4 * name.size(); }

/// Same for an entry in the list of listeners that rejected a subject.
constexpr std::size_t rejection_bytes = 2 * sizeof(std::uint64_t);

}  // namespace

InterestRouter::InterestRouter(const shm::SegmentView& segment, Grid& grid,
                               DeliveryWriter& deliveries, SystemRecords& records,
                               MessagingOptions options)
    : segment_(segment),
      grid_(&grid),
      deliveries_(&deliveries),
      records_(&records),
      options_(options) {
    grid.on_existence([this](std::string_view name, bool is_there) {
        if (!listeners_.is_empty()) on_existence(name, is_there);
    });
}

// Watches.

void InterestRouter::watch(const Pattern& pattern) {
    if (is_reserved(pattern.text())) return;
    const bool is_new = watches_.add(pattern);
    if (!pattern.is_literal()) {
        if (is_new && !listeners_.is_empty()) begin_search(pattern, Side::watched);
    } else if (listeners_.has(pattern.text())) {
        add(pattern.text());
    }
}

void InterestRouter::unwatch(const Pattern& pattern) {
    if (is_reserved(pattern.text())) return;
    if (!watches_.remove(pattern)) return;
    searches_.erase({pattern.text(), Side::watched});
    review_all(pattern);
}

void InterestRouter::on_existence(std::string_view name, bool is_there) {
    if (is_reserved(name)) return;
    if (!is_there) return review(std::string(name));
    if (listeners_.has(name) && watches_.has_wildcard_for(name)) add(name);
}

bool InterestRouter::is_wanted(const std::string& name) const {
    if (!listeners_.has(name)) return false;
    if (watches_.has_literal(name)) return true;
    if (!watches_.has_wildcard_for(name)) return false;
    const auto place = subjects_.find(name);
    return grid_->has(name) || (place != subjects_.end() && place->second.was_watched_by_name);
}

// Subjects.

void InterestRouter::add(std::string_view name) {
    if (name.size() > limits::listened_name_bytes_max) return;
    auto place = subjects_.find(std::string(name));
    if (place == subjects_.end()) {
        const std::size_t bytes = subject_bytes_of(name);
        if (subjects_.size() >= limits::wanted_subjects_max ||
            subject_bytes_ + bytes > limits::wanted_subjects_bytes_max) {
            ++subjects_refused_;
            return;
        }
        subject_bytes_ += bytes;
        place = subjects_.emplace(name, Subject{}).first;
        place->second.name = name;
    }
    Subject& subject = place->second;
    if (watches_.has_literal(subject.name)) subject.was_watched_by_name = true;
    if (subject.state == State::free) ask(subject);
}

void InterestRouter::review(const std::string& name) {
    const auto place = subjects_.find(name);
    if (place == subjects_.end() || is_wanted(name)) return;
    take_away(place->second, true);
    forget_id(place->second);
    inherited_.erase(name);
    waiting_.erase(name);
    to_ask_.erase(name);
    forget_passed(place->second);
    subject_bytes_ -= subject_bytes_of(name);
    subjects_.erase(place);
}

void InterestRouter::ask(Subject& subject) {
    Choice choice = choose(subject);
    if (choice.has_to_wait) return;
    if (choice.is_crowded) waiting_.insert(subject.name);
    if (choice.listener == nullptr) {
        // A lane has room again soon. A session can stay at its memory limit for long.
        const bool is_for_later =
            !choice.is_crowded && (choice.is_at_limit || !subject.passed.empty());
        if (is_for_later && subject.id == 0) set_due(subject, options_.rematch_ns);
        return records_->erase(system_name::provided(subject.name));
    }
    subject.state = State::asked;
    subject.listener = choice.listener;
    subject.listener->session->account().charge(subject_bytes_of(subject.name));
    ++subject.listener->under_way;
    subjects_of_[subject.listener->id].insert(subject.name);
    subject.listener->last_asked = ++asked_;
    set_due(subject, options_.accept_ns);
    tell(DeliveryKind::wanted, *subject.listener, subject.id, subject.name);
}

/// Assigns a new id, so that earlier due entries no longer match.
void InterestRouter::set_due(Subject& subject, std::uint64_t after_ns) {
    forget_id(subject);
    subject.id = ++last_id_;
    by_id_[subject.id] = &subject;
    due_.push(now_ns_ + after_ns, subject.id);
}

void InterestRouter::forget_id(Subject& subject) { by_id_.erase(std::exchange(subject.id, 0)); }

/// Either the listener has not answered, or all listeners rejected the subject a while ago.
void InterestRouter::look_at(Subject& subject) {
    if (subject.state == State::asked) return pass_by(subject, true);
    if (subject.state != State::free) return;
    forget_id(subject);
    forget_passed(subject);
    ask(subject);
}

void InterestRouter::forget_passed(Subject& subject) {
    subject_bytes_ -= subject.passed.size() * rejection_bytes;
    std::vector<std::uint64_t>().swap(subject.passed);
}

void InterestRouter::tell(DeliveryKind kind, const Provider& listener, std::uint64_t id,
                          std::string_view subject) {
    deliveries_->bring(
        listener.lane(),
        {.kind = kind, .id = id, .name = subject, .declaration = listener.declaration});
}

/// Chooses the former provider of the subject if there is one. Otherwise chooses the listener with
/// the fewest subjects that has not rejected this one.
InterestRouter::Choice InterestRouter::choose(const Subject& subject) const {
    Choice choice;
    const auto heir = inherited_.find(subject.name);
    choice.has_to_wait = heir != inherited_.end();
    listeners_.for_each(subject.name, [&](Provider& one) {
        const auto& passed = subject.passed;
        if (std::find(passed.begin(), passed.end(), one.id) != passed.end()) return;
        if (heir != inherited_.end()) {
            const auto& [session, declaration] = heir->second;
            if (one.session->id() != session || one.declaration != declaration) return;
            choice.has_to_wait = false;
        } else if (!one.lane().can_deliver(limits::name_bytes_max) ||
                   one.lane().has_undelivered()) {
            choice.is_crowded = true;
            return;
        } else if (!one.session->account().has_room(subject_bytes_of(subject.name))) {
            choice.is_at_limit = true;
            return;
        }
        const Provider* best = choice.listener;
        if (best == nullptr || one.under_way < best->under_way ||
            (one.under_way == best->under_way && one.last_asked < best->last_asked)) {
            choice.listener = &one;
        }
    });
    if (choice.listener != nullptr) choice.is_crowded = false;
    return choice;
}

void InterestRouter::take_away(Subject& subject, bool is_told) {
    records_->erase(system_name::provided(subject.name));
    if (subject.state == State::free) return;
    if (is_told) tell(DeliveryKind::unwanted, *subject.listener, subject.id, subject.name);
    if (subject.state == State::provided) --provided_;
    forget_id(subject);
    subject.listener->session->account().release(subject_bytes_of(subject.name));
    if (--subject.listener->under_way == 0) subjects_of_.erase(subject.listener->id);
    else subjects_of_[subject.listener->id].erase(subject.name);
    subject.listener = nullptr;
    subject.state = State::free;
}

// Messages from listeners.

InterestRouter::Subject* InterestRouter::asked_of(const Session& listener, std::uint64_t id) {
    const auto place = by_id_.find(id);
    if (place == by_id_.end() || place->second->listener == nullptr) return nullptr;
    return place->second->listener->session == &listener ? place->second : nullptr;
}

void InterestRouter::accept(const Session& listener, std::uint64_t id) {
    Subject* subject = asked_of(listener, id);
    if (subject == nullptr || subject->state != State::asked) return;
    subject->state = State::provided;
    ++provided_;
    inherited_.erase(subject->name);
    records_->set(system_name::provided(subject->name),
                  document_of_place(listener.id(), subject->listener->lane_index,
                                    subject->listener->declaration));
}

bool InterestRouter::reject(const Session& listener, std::uint64_t id) {
    Subject* subject = asked_of(listener, id);
    if (subject == nullptr) return false;
    pass_by(*subject, false);
    return true;
}

/// The listener rejected the subject or did not answer.
void InterestRouter::pass_by(Subject& subject, bool is_told) {
    const std::uint64_t listener = subject.listener->id;
    inherited_.erase(subject.name);
    take_away(subject, is_told);
    if (subject_bytes_ + rejection_bytes > limits::wanted_subjects_bytes_max) {
        // No memory is left to record the rejection, so no other listener is asked for a while.
        ++subjects_refused_;
        forget_passed(subject);
        return set_due(subject, options_.rematch_ns);
    }
    subject.passed.push_back(listener);
    subject_bytes_ += rejection_bytes;
    ask(subject);
}

void InterestRouter::listen(Session& session, const Declarations::Change& declared,
                            Pattern pattern) {
    const Provider& listener = listeners_.add(session, declared, std::move(pattern));
    const std::string& text = listener.pattern.text();
    if (listener.pattern.is_literal()) {
        if (subjects_.contains(text) || is_wanted(text)) add(text);
    } else {
        ++listened_[text];
        begin_search(listener.pattern, Side::listened);
    }
}

void InterestRouter::withdraw(const Session& session, std::uint32_t place) {
    if (Provider* listener = listeners_.find(session, place)) lose(*listener);
}

void InterestRouter::end(const Session& session) {
    // Withdraw all of them first, so that no subject moves to another listener of this session.
    const std::vector<Provider*> its = listeners_.of(session);
    for (Provider* listener : its) listeners_.withdraw(*listener);
    for (Provider* listener : its) lose(*listener);
}

/// Frees the listener's subjects at once; other listeners are asked in the next turns.
void InterestRouter::lose(Provider& listener) {
    const auto its = subjects_of_.find(listener.id);
    if (its != subjects_of_.end()) {
        const std::vector<std::string> names(its->second.begin(), its->second.end());
        for (const std::string& name : names) {
            take_away(subjects_.find(name)->second, false);
            to_ask_.insert(name);
        }
    }
    const Pattern pattern = listener.pattern;
    if (!listener.is_withdrawn) listeners_.withdraw(listener);
    listeners_.forget(listener);
    if (!pattern.is_literal() && --listened_.find(pattern.text())->second == 0) {
        listened_.erase(pattern.text());
        searches_.erase({pattern.text(), Side::listened});
    }
    review_all(pattern);
}

void InterestRouter::turn(std::uint64_t now_ns) {
    now_ns_ = now_ns;
    due_.take(now_ns, [&](std::uint64_t id) {
        const auto place = by_id_.find(id);
        if (place != by_id_.end()) look_at(*place->second);
    });
    due_.tidy(by_id_.size(),
              [this](std::uint64_t, std::uint64_t id) { return by_id_.contains(id); });
    ask_again();
    continue_review();
    continue_search();
    if (is_inheritance_over_ && searches_.empty()) settle_inheritance();
}

}  // namespace ringside::broker
