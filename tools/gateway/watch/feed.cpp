#include "tools/gateway/watch/feed.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace ringside::gateway {

namespace {

/// How many changes are read before the loop serves others.
constexpr int changes_per_pass = 256;
constexpr std::chrono::milliseconds retry_after{100};

/// Returns the watch kind that receives such a change.
WatchFor reason_for(WatchKind kind) noexcept {
    switch (kind) {
        case WatchKind::event: return WatchFor::events;
        case WatchKind::provided:
        case WatchKind::unprovided: return WatchFor::providers;
        default: return WatchFor::changes;
    }
}

}  // namespace

std::string Topic::key() const {
    return fmt::format("{}\n{}\n{}\n{}", pattern_.text(), pointer_.text(),
                       static_cast<unsigned>(what_), reinterpret_cast<std::uintptr_t>(encode_));
}

Feed::Feed(GridAccess& grid, asio::io_context& loop, Interests& interests, GatewayFigures& figures,
           std::string pattern)
    : grid_(grid),
      loop_(loop),
      interests_(interests),
      figures_(figures),
      pattern_(std::move(pattern)),
      retry_timer_(loop.get_executor()) {}

Feed::~Feed() { stop(); }

Result<void> Feed::start() {
    auto watch = grid_.reader().watch(
        pattern_, {.mode = WatchMode::every,
                   .what = WatchFor::changes | WatchFor::events | WatchFor::providers,
                   .is_interest = false});
    if (!watch) return watch.error();
    const auto descriptor = watch->descriptor();
    if (!descriptor) return descriptor.error();
    watch_ = *std::move(watch);
    news_.emplace(loop_, *descriptor);
    place_ = {watch_->delivered(), watch_->epoch()};
    await_news();
    return {};
}

void Feed::stop() {
    if (!watch_) return;
    ++watches_ended_;
    reading_since_.reset();
    news_->release();  // the Watch owns the descriptor
    news_.reset();
    // Its destructor waits for the thread of its descriptor.
    grid_.dispose(*std::move(watch_));
    watch_.reset();
    matches_.clear();
}

void Feed::await_news() { news_->async_wait(Descriptor_::wait_read, reading_later()); }

void Feed::read_some() {
    for (int read = 0; read < changes_per_pass; ++read) {
        const auto event = watch_->poll();
        if (event) {
            take(*event);
            continue;
        }
        if (event.error() == Errc::snapshot_expired) continue;
        dispatch(true);
        reading_since_.reset();
        if (event.error() == Errc::would_block) {
            place_ = {watch_->delivered(), watch_->epoch()};
            return await_news();
        }
        // There is no grid at the moment: its Watch finds the next one.
        retry_timer_.expires_after(retry_after);
        return retry_timer_.async_wait(reading_later());
    }
    if (!reading_since_) reading_since_ = std::chrono::steady_clock::now();
    asio::post(loop_, [read = reading_later()] { read(); });
}

bool Feed::is_late() const noexcept {
    constexpr std::chrono::seconds late{2};
    return reading_since_ && std::chrono::steady_clock::now() - *reading_since_ > late;
}

void Feed::catch_up() {
    // Does not wait for changes that arrive meanwhile.
    const Revision up_to = grid_.reader().revision();
    while (watch_) {
        if (watch_->delivered() > up_to) return;
        const auto event = watch_->poll();
        if (event) take(*event);
        else if (event.error() != Errc::snapshot_expired) return dispatch(true);
    }
}

/// A change is offered once it is known whether more of its revision follows.
void Feed::take(const WatchEvent& event) {
    if (event.kind == WatchKind::lagged) {
        matches_.clear();
        return restart(event.resumes_at);
    }
    const Revision revision = event.record.revision();
    dispatch(revision != matches_revision_);
    matches_revision_ = revision;
    const std::string_view name = event.record.name();
    if (!by_name_.empty()) {
        if (const auto at = by_name_.find(name); at != by_name_.end()) {
            for (Topic* topic : at->second) match(event, *topic);
        }
    }
    for (Topic* topic : by_pattern_) {
        if (topic->pattern().matches(name)) match(event, *topic);
    }
}

void Feed::match(const WatchEvent& event, Topic& topic) {
    if (!includes(topic.what(), reason_for(event.kind))) return;
    if (!topic.pointer().empty() && !watch_->affects(topic.pointer())) return;
    const bool is_wanted = std::any_of(topic.subscriptions_.begin(), topic.subscriptions_.end(),
                                       [](const Subscription* one) { return one->is_live(); });
    if (!is_wanted) return;
    // Topics with the same presentation of the document share its text.
    for (const Match& made : matches_) {
        if (made.topic->shows_like(topic)) {
            matches_.push_back({&topic, made.text});
            return;
        }
    }
    matches_.push_back({&topic, std::make_shared<ChangeText>(
                                    ChangeText::of(event, topic.pointer(), topic.encoder()))});
}

void Feed::dispatch(bool is_end_of_revision) {
    std::optional<Place> place;
    if (is_end_of_revision) place = Place{matches_revision_, watch_->epoch()};
    for (const Match& match : std::exchange(matches_, {})) {
        for (Subscription* subscription : match.topic->subscriptions_) {
            subscription->offer(match.text, place);
        }
    }
}

/// Changes up to `missed_up_to` were not offered. Subscriptions that are behind read them
/// themselves, but places in a grid that was recreated are void.
void Feed::restart(Revision missed_up_to) {
    const bool is_another_grid = watch_->epoch() != place_.boot_id;
    place_ = {watch_->delivered(), watch_->epoch()};
    for (Subscription* subscription : alive_) {
        if (is_another_grid || subscription->misses(missed_up_to)) subscription->restart();
    }
}

Outcome<std::unique_ptr<Subscription>> Feed::subscribe(Sink& sink, const Requester& requester,
                                                       const WatchRequest& request) {
    if (!watch_) {
        if (const auto started = start(); !started) return Problem::of(started.error());
    }
    auto fresh = std::make_shared<Topic>(request);
    const std::string key = fresh->key();
    std::shared_ptr<Topic> topic = topics_[key].lock();
    if (topic == nullptr) {
        const std::string& text = request.pattern.text();
        if (!text.starts_with('$')) {
            fresh->interest_ = interests_.declare(text);
            if (fresh->interest_ == nullptr) {
                topics_.erase(key);
                return Problem{503, "watch_limit",
                               "too many different patterns are watched; try again later",
                               std::chrono::seconds(1)};
            }
        }
        topic = std::move(fresh);
        topics_[key] = topic;
        if (request.pattern.is_literal()) by_name_[text].push_back(topic.get());
        else by_pattern_.push_back(topic.get());
    }
    const Place now{grid_.reader().revision(), watch_->epoch()};
    auto made = std::make_unique<Subscription>(*this, sink, topic, requester, request, now);
    topic->subscriptions_.push_back(made.get());
    alive_.insert(made.get());
    ++subscription_count_;
    ++behind_count_;
    return made;
}

void Feed::remove(Subscription& subscription) noexcept {
    if (alive_.erase(&subscription) == 0) return;
    --subscription_count_;
    if (!subscription.is_live()) --behind_count_;
    std::erase(waiting_, &subscription);
    std::erase(retried_, &subscription);
    Topic& topic = *subscription.topic_;
    std::erase(topic.subscriptions_, &subscription);
    if (!topic.subscriptions_.empty()) return;
    std::erase_if(matches_, [&](const Match& match) { return match.topic == &topic; });
    topics_.erase(topic.key());
    std::erase(by_pattern_, &topic);
    if (const auto at = by_name_.find(topic.pattern().text()); at != by_name_.end()) {
        std::erase(at->second, &topic);
        if (at->second.empty()) by_name_.erase(at);
    }
    if (subscription_count_ == 0) stop();
}

bool Feed::take_turn(Subscription& subscription) {
    if (turns_.size() < turns_max) {
        turns_.insert(&subscription);
        return true;
    }
    if (std::find(waiting_.begin(), waiting_.end(), &subscription) == waiting_.end()) {
        waiting_.push_back(&subscription);
    }
    await_retry();
    return false;
}

/// Subscriptions whose clients take nothing start again when they do: others wait for their turns.
void Feed::end_stalled_turns() {
    const std::vector<Subscription*> holders(turns_.begin(), turns_.end());
    for (Subscription* holder : holders) {
        if (waiting_.empty()) return;
        if (holder->is_stalled()) holder->give_up_watch();
    }
}

void Feed::give_back_turn(Subscription& subscription) {
    turns_.erase(&subscription);
    if (waiting_.empty()) return;
    Subscription* next = waiting_.front();
    waiting_.pop_front();
    go_on_later(*next);
}

void Feed::go_on_later(Subscription& subscription) {
    asio::post(loop_, [this, &subscription] {
        if (alive_.contains(&subscription)) subscription.go_on();
    });
}

void Feed::retry_later(Subscription& subscription) {
    retried_.push_back(&subscription);
    await_retry();
}

void Feed::await_retry() {
    if (std::exchange(is_retry_due_, true)) return;
    auto timer = std::make_shared<Timer>(loop_.get_executor(), retry_after);
    timer->async_wait([this, timer](const error_code&) { retry(); });
}

void Feed::retry() {
    is_retry_due_ = false;
    for (Subscription* subscription : std::exchange(retried_, {})) {
        if (alive_.contains(subscription)) subscription->go_on();
    }
    end_stalled_turns();
    if (!waiting_.empty()) await_retry();
}

}  // namespace ringside::gateway
