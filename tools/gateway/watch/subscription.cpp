#include "tools/gateway/watch/subscription.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "tools/gateway/watch/feed.hpp"

namespace ringside::gateway {

namespace {

/// The record after a change, together with the current state of others.
class ChangeEvidence final : public Evidence {
public:
    ChangeEvidence(const RecordSource& records, const ChangeText& text) noexcept
        : records_(records), text_(text) {}

    [[nodiscard]] RecordJson record(std::string_view name) const override {
        const bool is_this = name == text_.name() && !text_.is_event();
        if (is_this && text_.is_removal()) return std::optional<std::string>();
        if (is_this && text_.document()) return std::optional(std::string(*text_.document()));
        return records_(name);
    }
    [[nodiscard]] std::optional<std::string> data() const override { return std::nullopt; }

private:
    const RecordSource& records_;
    const ChangeText& text_;
};

/// How many changes are delivered before other subscriptions get a turn.
constexpr int changes_per_go = 128;

}  // namespace

Subscription::Subscription(Feed& feed, Sink& sink, std::shared_ptr<Topic> topic,
                           Requester requester, const WatchRequest& request, const Place& now)
    : feed_(feed),
      sink_(sink),
      topic_(std::move(topic)),
      requester_(std::move(requester)),
      begins_now_(!request.initial && !request.after),
      wants_state_(request.initial),
      told_up_to_(request.after ? request.after->revision : now.revision) {
    if (request.after) {
        const bool is_of_another =
            request.after->boot_id != 0 && request.after->boot_id != now.boot_id;
        wants_state_ = says_lagged_ = is_of_another || told_up_to_ > now.revision;
    }
    sees_all_ = coverage() == Coverage::all;
}

/// Returns the least coverage of any kind.
Coverage Subscription::coverage() const {
    Coverage least = Coverage::all;
    for (const auto& [kind, action] : {std::pair(WatchFor::changes, Action::read),
                                       std::pair(WatchFor::events, Action::subscribe)}) {
        if (!includes(topic_->what(), kind)) continue;
        least = std::min(least, requester_.permissions->coverage(action, topic_->pattern()));
    }
    return least;
}

bool Subscription::adopt(const Requester& requester) {
    requester_ = requester;
    const Coverage now = coverage();
    sees_all_ = now == Coverage::all;
    return now != Coverage::none;
}

Subscription::~Subscription() {
    give_up_watch();
    feed_.remove(*this);
}

const Pattern& Subscription::pattern() const noexcept { return topic_->pattern(); }

bool Subscription::may_see(const ChangeText& text) const {
    if (sees_all_) return true;
    const Action action = text.is_event() ? Action::subscribe : Action::read;
    const ChangeEvidence evidence(feed_.grid_.records(), text);
    return requester_.may(action, text.name(), evidence);
}

void Subscription::offer(const std::shared_ptr<const ChangeText>& text,
                         const std::optional<Place>& place) {
    if (state_ != State::live || text->revision() <= told_up_to_ || !may_see(*text)) return;
    if (sink_.has_room()) {
        told_before_ = text->position() + 1;
        sink_.tell(*this, text, place);
    } else {
        ++feed_.figures_.watches_fell_behind;
        fall_behind(text->revision() - 1);
    }
}

void Subscription::fall_behind(Revision told_up_to) {
    if (state_ == State::live) ++feed_.behind_count_;
    state_ = State::behind;
    told_up_to_ = told_up_to;
}

void Subscription::restart() {
    fall_behind(0);
    told_before_ = 0;
    wants_state_ = true;
    says_lagged_ = true;
    begins_now_ = false;
    give_up_watch();
    feed_.go_on_later(*this);
}

void Subscription::give_up_watch() {
    // The state is sent again from its beginning. A client that received a part of it cannot know
    // which of these records were removed meanwhile.
    if (watch_ && wants_state_) says_lagged_ = true;
    watch_.reset();
    if (std::exchange(has_turn_, false)) feed_.give_back_turn(*this);
}

/// Returns false if it is not its turn, or there is no grid; the caller tries again.
bool Subscription::open() {
    if (!has_turn_ && !(has_turn_ = feed_.take_turn(*this))) return false;
    WatchOptions options{.mode = WatchMode::latest,
                         .what = topic_->what(),
                         .pointer = topic_->pointer().text(),
                         .is_interest = false};
    if (wants_state_) options.initial = true;
    else options.from = told_up_to_ + 1;
    auto opened = feed_.grid_.reader().watch(topic_->pattern().text(), std::move(options));
    if (!opened && opened.error() == Errc::compacted) {
        wants_state_ = true;
        says_lagged_ = true;
        return open();
    }
    if (!opened) {
        spdlog::debug("watch is waiting: {}", opened.error().text());
        give_up_watch();
        feed_.retry_later(*this);
        return false;
    }
    watch_ = *std::move(opened);
    if (std::exchange(says_lagged_, false)) {
        ++feed_.figures_.watches_lagged;
        sink_.tell(*this, std::make_shared<ChangeText>(ChangeText::lagged(watch_->delivered())),
                   std::nullopt);
    }
    return true;
}

void Subscription::go_on() {
    if (state_ == State::live) return;
    if (std::exchange(begins_now_, false)) {
        return go_live({told_up_to_, feed_.place().boot_id});
    }
    if (!watch_ && !open()) return;
    for (int told = 0; sink_.has_room(); ++told) {
        if (told == changes_per_go) return feed_.go_on_later(*this);
        const auto event = watch_->poll();
        if (event) {
            tell(*event);
        } else if (event.error() == Errc::would_block) {
            return go_live({watch_->delivered(), watch_->epoch()});
        } else if (event.error() != Errc::snapshot_expired) {
            return feed_.retry_later(*this);  // no grid at the moment
        }
    }
    // No room. A partly delivered state continues from the same Watch; changes continue from their
    // revision.
    if (wants_state_) return;
    told_up_to_ = watch_->delivered();
    give_up_watch();
}

void Subscription::tell(const WatchEvent& event) {
    if (event.kind == WatchKind::lagged) {
        wants_state_ = true;  // without further action
        told_before_ = 0;
        ++feed_.figures_.watches_lagged;
        sink_.tell(*this, std::make_shared<ChangeText>(ChangeText::lagged(event.resumes_at)),
                   std::nullopt);
        return;
    }
    if (!wants_state_) {
        if (event.position < told_before_) return;
        told_before_ = event.position + 1;
    }
    const auto text =
        std::make_shared<ChangeText>(ChangeText::of(event, topic_->pointer(), topic_->encoder()));
    if (!may_see(*text)) return;
    // Within the state there is no place from which to resume.
    std::optional<Place> place;
    if (!wants_state_) place = Place{watch_->delivered(), watch_->epoch()};
    sink_.tell(*this, text, place);
}

void Subscription::go_live(const Place& place) {
    wants_state_ = false;
    give_up_watch();
    told_up_to_ = place.revision;
    state_ = State::live;
    --feed_.behind_count_;
    sink_.tell_place(*this, place);
}

}  // namespace ringside::gateway
