#include "broker/routing/interest.hpp"

#include <algorithm>

#include "broker/routing/system_document.hpp"
#include "shm/index/name_index.hpp"
#include "shm/name/name.hpp"
#include "shm/name/system_name.hpp"
#include "shm/version/visibility.hpp"

namespace ringside::broker {

using wire::DeliveryKind;
using State = InterestRouter::Subject::State;

InterestRouter::InterestRouter(const shm::SegmentView& segment, Grid& grid, Post& post,
                               SystemRecords& records, MessagingOptions options)
    : segment_(segment), grid_(&grid), post_(&post), records_(&records), options_(options) {
    grid.on_existence([this](std::string_view name, bool is_there) {
        if (!listeners_.is_empty()) on_existence(name, is_there);
    });
}

// What is watched.

void InterestRouter::watch(const Pattern& pattern) {
    if (is_reserved(pattern.text())) return;
    watches_.add(pattern);
    if (pattern.is_literal()) {
        if (listeners_.has(pattern.text())) add(pattern.text());
        return;
    }
    listeners_.for_all([&](Provider& listener) { begin_search(pattern, listener.pattern); });
}

void InterestRouter::unwatch(const Pattern& pattern) {
    if (is_reserved(pattern.text())) return;
    watches_.remove(pattern);
    review_all(pattern);
}

/// Drops what is not wanted any more.
void InterestRouter::review_all(const Pattern& pattern) {
    if (pattern.is_literal()) return review(pattern.text());
    std::vector<std::string> names;
    for (const auto& [name, subject] : subjects_) {
        if (pattern.matches(name)) names.push_back(name);
    }
    for (const std::string& name : names) review(name);
}

void InterestRouter::on_existence(std::string_view name, bool is_there) {
    if (is_reserved(name)) return;
    if (!is_there) return review(std::string(name));
    if (watches_.has_wildcard_for(name) && listeners_.has(name)) add(name);
}

bool InterestRouter::is_wanted(const std::string& name) const {
    if (!listeners_.has(name)) return false;
    if (watches_.has_literal(name)) return true;
    if (!watches_.has_wildcard_for(name)) return false;
    const auto place = subjects_.find(name);
    return grid_->has(name) || (place != subjects_.end() && place->second.was_watched_by_name);
}

// Records that are watched by pattern.

void InterestRouter::begin_search(const Pattern& watched, const Pattern& listened) {
    const std::string_view a = watched.literal_prefix();
    const std::string_view b = listened.literal_prefix();
    if (!a.starts_with(b) && !b.starts_with(a)) return;  // no name matches both
    searches_.push_back({watched, listened, std::string(std::max(a, b)), {}});
}

/// Looks at some more names of the first search.
void InterestRouter::go_on_searching() {
    if (searches_.empty()) return;
    std::vector<std::string> found;
    if (!search_on(searches_.front(), found)) searches_.pop_front();
    for (const std::string& name : found) {
        if (is_wanted(name)) add(name);
    }
}

/// False: there are no more names.
bool InterestRouter::search_on(Search& search, std::vector<std::string>& found) const {
    shm::NameIndexCursor cursor(segment_);
    cursor.seek(std::max(search.prefix, search.after));
    std::size_t looked_at = 0;
    for (auto ids = cursor.next(); !ids.empty(); ids = cursor.next()) {
        if (looked_at >= names_per_turn) return true;
        for (const std::uint32_t id : ids) {
            const auto* version = shm::newest_of(segment_, RecordId{id});
            if (version == nullptr) continue;
            const std::string_view name = version->name();
            if (!name.starts_with(search.prefix)) return false;
            if (name <= search.after) continue;
            ++looked_at;
            search.after = name;
            if (!version->is_tombstone() && search.watched.matches(name) &&
                search.listened.matches(name)) {
                found.emplace_back(name);
            }
        }
    }
    return false;
}

// Subjects.

void InterestRouter::add(std::string_view name) {
    if (name.size() > limits::listened_name_bytes_max) return;
    const bool is_known = subjects_.contains(std::string(name));
    if (!is_known && subjects_.size() >= limits::wanted_subjects_max) return;
    Subject& subject = subjects_[std::string(name)];
    subject.name = name;
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
    subjects_.erase(place);
}

void InterestRouter::ask(Subject& subject) {
    Choice choice = choose(subject);
    if (choice.has_to_wait) return;
    if (choice.is_crowded) waiting_.insert(subject.name);
    if (choice.listener == nullptr) {
        const bool all_said_no = !choice.is_crowded && !subject.passed.empty();
        if (all_said_no && subject.id == 0) set_due(subject, options_.rematch_ns);
        return records_->erase(system_name::provided(subject.name));
    }
    subject.state = State::asked;
    subject.listener = choice.listener;
    ++subject.listener->under_way;
    subject.listener->last_asked = ++asked_;
    set_due(subject, options_.accept_ns);
    tell(DeliveryKind::wanted, *subject.listener, subject.id, subject.name);
}

/// Under a new id: what was due before is not any more.
void InterestRouter::set_due(Subject& subject, std::uint64_t after_ns) {
    forget_id(subject);
    subject.id = ++last_id_;
    by_id_[subject.id] = &subject;
    due_.push(now_ns_ + after_ns, subject.id);
}

void InterestRouter::forget_id(Subject& subject) { by_id_.erase(std::exchange(subject.id, 0)); }

/// Its listener has not said anything; or all have said no, a while ago.
void InterestRouter::look_at(Subject& subject) {
    if (subject.state == State::asked) return pass_by(subject, true);
    if (subject.state != State::free) return;
    forget_id(subject);
    subject.passed.clear();
    ask(subject);
}

void InterestRouter::tell(DeliveryKind kind, const Provider& listener, std::uint64_t id,
                          std::string_view subject) {
    post_->bring(listener.lane(),
                 {.kind = kind, .id = id, .name = subject, .declaration = listener.declaration});
}

/// Whoever provided it for the former broker; else the listener with the fewest subjects that has
/// not said no.
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
    --subject.listener->under_way;
    subject.listener = nullptr;
    subject.state = State::free;
}

// What listeners say.

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

/// Its listener does not want it, or does not say anything.
void InterestRouter::pass_by(Subject& subject, bool is_told) {
    subject.passed.push_back(subject.listener->id);
    inherited_.erase(subject.name);
    take_away(subject, is_told);
    ask(subject);
}

void InterestRouter::listen(Session& session, const Declarations::Change& declared,
                            Pattern pattern) {
    const Provider& listener = listeners_.add(session, declared, std::move(pattern));
    for (const std::string& name : names_known(listener.pattern)) add(name);
    for (const Pattern& watched : watches_.wildcards()) begin_search(watched, listener.pattern);
}

/// What matches of the names that are watched, and of the subjects.
std::vector<std::string> InterestRouter::names_known(const Pattern& pattern) const {
    std::vector<std::string> names;
    if (pattern.is_literal()) {
        const std::string& name = pattern.text();
        if (watches_.has_literal(name) || subjects_.contains(name)) names.push_back(name);
        return names;
    }
    for (const auto& [name, count] : watches_.literals()) {
        if (pattern.matches(name)) names.push_back(name);
    }
    for (const auto& [name, subject] : subjects_) {
        if (pattern.matches(name)) names.push_back(name);
    }
    return names;
}

void InterestRouter::withdraw(const Session& session, std::uint32_t place) {
    if (Provider* listener = listeners_.find(session, place)) lose(*listener);
}

void InterestRouter::end(const Session& session) {
    // All of them first: what one had goes to none of the others.
    const std::vector<Provider*> its = listeners_.of(session);
    for (Provider* listener : its) listeners_.withdraw(*listener);
    for (Provider* listener : its) lose(*listener);
}

void InterestRouter::lose(Provider& listener) {
    std::vector<std::string> names;
    for (auto subject = subjects_.begin(); subject != subjects_.end() && listener.under_way > 0;
         ++subject) {
        if (subject->second.listener != &listener) continue;
        take_away(subject->second, false);
        names.push_back(subject->first);
    }
    const Pattern pattern = listener.pattern;
    if (!listener.is_withdrawn) listeners_.withdraw(listener);
    listeners_.forget(listener);
    review_all(pattern);
    for (const std::string& name : names) {
        if (const auto place = subjects_.find(name); place != subjects_.end()) ask(place->second);
    }
}

void InterestRouter::turn(std::uint64_t now_ns) {
    now_ns_ = now_ns;
    due_.take(now_ns, [&](std::uint64_t id) {
        const auto place = by_id_.find(id);
        if (place != by_id_.end()) look_at(*place->second);
    });
    for (const std::string& name : std::exchange(waiting_, {})) {
        const auto place = subjects_.find(name);
        if (place != subjects_.end() && place->second.state == State::free) ask(place->second);
    }
    go_on_searching();
}

}  // namespace ringside::broker
