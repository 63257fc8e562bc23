#include <algorithm>

#include "broker/routing/interest.hpp"
#include "shm/index/name_index.hpp"
#include "shm/version/visibility.hpp"

/// The long operations of interest, in slices: searching, reviewing all subjects, and asking again.
namespace ringside::broker {

using State = InterestRouter::Subject::State;

namespace {

bool may_share_names(std::string_view a, std::string_view b) noexcept {
    return a.starts_with(b) || b.starts_with(a);
}

/// Shortens `prefix` to the part that it shares with `other`.
void cut_to_common(std::string& prefix, std::string_view other) {
    const auto differs = std::mismatch(prefix.begin(), prefix.end(), other.begin(), other.end());
    prefix.erase(differs.first, prefix.end());
}

/// Removes the name after `last`, in rotation, and stores it there. REQUIRES: not empty.
void take_next(std::set<std::string>& names, std::string& last) {
    auto next = names.upper_bound(last);
    if (next == names.end()) next = names.begin();
    last = *next;
    names.erase(next);
}

}  // namespace

// Searches.

/// A search that is already running also serves the new declaration: the names that it has passed
/// are already subjects.
void InterestRouter::begin_search(const Pattern& pattern, Side side) {
    Search search{pattern, side, Search::Phase::records, std::nullopt, {}};
    if (side == Side::listened) search.phase = Search::Phase::watched_names;
    searches_.try_emplace({pattern.text(), side}, std::move(search));
}

/// Visits some more names. The searches take turns.
void InterestRouter::continue_search() {
    if (searches_.empty()) return;
    auto place = searches_.upper_bound(last_searched_);
    if (place == searches_.end()) place = searches_.begin();
    last_searched_ = place->first;
    std::vector<std::string> found;
    if (!search_on(place->second, found)) searches_.erase(place);
    for (const std::string& name : found) {
        if (subjects_.contains(name) || is_wanted(name)) add(name);
    }
}

bool InterestRouter::search_on(Search& search, std::vector<std::string>& found) const {
    const auto next_phase = [&](Search::Phase next) {
        search.phase = next;
        search.after.clear();
        return true;
    };
    switch (search.phase) {
        case Search::Phase::watched_names:
            return search_names(watches_.literals(), search, found) ||
                   next_phase(Search::Phase::subjects);
        case Search::Phase::subjects:
            return search_names(subjects_, search, found) || next_phase(Search::Phase::records);
        case Search::Phase::records: return search_records(search, found);
    }
    return false;
}

template <class Names>
bool InterestRouter::search_names(const Names& names, Search& search,
                                  std::vector<std::string>& found) {
    const std::string_view prefix = search.pattern.literal_prefix();
    auto place = search.after.empty() ? names.lower_bound(std::string(prefix))
                                      : names.upper_bound(search.after);
    for (std::size_t i = 0; i < names_per_turn; ++i, ++place) {
        if (place == names.end() || !place->first.starts_with(prefix)) return false;
        search.after = place->first;
        if (search.pattern.matches(place->first)) found.push_back(place->first);
    }
    return true;
}

/// Returns the common prefix of all names that match both the pattern and a pattern of the other
/// side. Returns none if there can be no such name.
std::optional<std::string> InterestRouter::record_prefix(const Search& search) const {
    const std::string_view own = search.pattern.literal_prefix();
    std::optional<std::string> common;
    const auto add = [&](const Pattern& other) {
        const std::string_view prefix = other.literal_prefix();
        if (!may_share_names(own, prefix)) return;
        if (common) cut_to_common(*common, std::max(own, prefix));
        else common = std::string(std::max(own, prefix));
    };
    if (search.side == Side::listened) {
        for (const Pattern& watched : watches_.wildcards()) add(watched);
    } else {
        listeners_.for_all([&](const Provider& listener) { add(listener.pattern); });
    }
    return common;
}

bool InterestRouter::search_records(Search& search, std::vector<std::string>& found) const {
    if (!search.prefix) {
        search.prefix = record_prefix(search);
        return search.prefix.has_value();
    }
    shm::NameIndexCursor cursor(segment_);
    cursor.seek(std::max(*search.prefix, search.after));
    std::size_t looked_at = 0;
    for (auto ids = cursor.next(); !ids.empty(); ids = cursor.next()) {
        if (looked_at >= names_per_turn) return true;
        for (const std::uint32_t id : ids) {
            const auto* version = shm::newest_of(segment_, RecordId{id});
            if (version == nullptr) continue;
            const std::string_view name = version->name();
            if (!name.starts_with(*search.prefix)) return false;
            if (name <= search.after) continue;
            ++looked_at;
            search.after = name;
            if (!version->is_tombstone() && search.pattern.matches(name)) found.emplace_back(name);
        }
    }
    return false;
}

// Review.

/// Drops subjects that are no longer wanted: immediately or, if it takes long, in the next turns.
void InterestRouter::review_all(const Pattern& pattern) {
    if (pattern.is_literal()) return review(pattern.text());
    if (subjects_.empty()) return;
    // Review all subjects again, starting at the current position of the review.
    if (!review_) review_ = Review{};
    review_->until = review_->after;
    review_->is_around = false;
}

void InterestRouter::continue_review() {
    if (!review_) return;
    for (std::size_t i = 0; i < names_per_turn; ++i) {
        const auto place = subjects_.upper_bound(review_->after);
        if (place == subjects_.end()) {
            if (std::exchange(review_->is_around, true)) return review_.reset();
            review_->after.clear();
            if (review_->until.empty()) return review_.reset();
            continue;
        }
        if (review_->is_around && place->first > review_->until) return review_.reset();
        review_->after = place->first;
        review(std::string(place->first));
    }
}

// Asking.

/// Asks for subjects whose listener was lost, and for some of those whose listeners had no room.
void InterestRouter::ask_again() {
    const auto ask_next = [this](std::set<std::string>& names, std::string& last) {
        take_next(names, last);
        const auto place = subjects_.find(last);
        if (place != subjects_.end() && place->second.state == State::free) ask(place->second);
    };
    for (std::size_t i = 0; i < names_per_turn && !to_ask_.empty(); ++i) {
        ask_next(to_ask_, last_asked_again_);
    }
    const std::size_t tries = std::min(names_per_turn, waiting_.size());
    for (std::size_t i = 0; i < tries && !waiting_.empty(); ++i) ask_next(waiting_, last_waiting_);
}

}  // namespace ringside::broker
