#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "shm/base/keyed_hash.hpp"
#include "tools/gateway/grid/grid_access.hpp"
#include "tools/gateway/metrics/gateway_figures.hpp"
#include "tools/gateway/watch/interests.hpp"
#include "tools/gateway/watch/subscription.hpp"

namespace ringside::gateway {

/// What several subscriptions watch in the same way: its changes are encoded once for all of them.
class Topic {
public:
    explicit Topic(const WatchRequest& request)
        : pattern_(request.pattern),
          pointer_(request.pointer),
          what_(request.what),
          encode_(request.encode == nullptr ? json_members : request.encode) {}

    [[nodiscard]] const Pattern& pattern() const noexcept { return pattern_; }
    [[nodiscard]] const JsonPointer& pointer() const noexcept { return pointer_; }
    [[nodiscard]] WatchFor what() const noexcept { return what_; }
    [[nodiscard]] ChangeEncoder encoder() const noexcept { return encode_; }
    /// Returns whether both topics encode a change identically.
    [[nodiscard]] bool shows_like(const Topic& other) const noexcept {
        return pointer_ == other.pointer_ && encode_ == other.encode_;
    }
    [[nodiscard]] std::string key() const;

private:
    friend class Feed;
    friend class Subscription;
    const Pattern pattern_;
    const JsonPointer pointer_;
    const WatchFor what_;
    const ChangeEncoder encode_;
    std::vector<Subscription*> subscriptions_;
    std::unique_ptr<TopicInterest> interest_;
};

/// Reads the change ring once for all connections that watch names within the Feed's pattern.
/// Encodes a change once for all subscriptions with the same JSON pointer and encoder, and only if
/// one of these subscriptions is live, that is, delivers what the Feed offers (see Subscription).
/// Reads only while there are subscriptions.
/// Thread safety: only the thread of the event loop.
class Feed {
public:
    /// `pattern` covers everything that it may be asked for.
    Feed(GridAccess& grid, asio::io_context& loop, Interests& interests, GatewayFigures& figures,
         std::string pattern);
    ~Feed();
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;

    /// Begins a watch. The caller then calls `Subscription::go_on`, which delivers the first
    /// messages. Problems: 503 if too many different patterns are watched, or if there is no grid
    /// when the first subscription opens the Feed's Watch. Later subscriptions need no grid: the
    /// open Watch waits for the next one.
    Outcome<std::unique_ptr<Subscription>> subscribe(Sink& sink, const Requester& requester,
                                                     const WatchRequest& request);

    /// Offers all available changes immediately. Must not be called from within a Sink.
    void catch_up();

    /// Returns the place up to which all changes were offered.
    [[nodiscard]] Place place() const noexcept { return place_; }
    [[nodiscard]] std::size_t subscriptions() const noexcept { return subscription_count_; }
    [[nodiscard]] std::size_t behind() const noexcept { return behind_count_; }

    /// Returns whether it has been reading for so long without reaching the newest change that
    /// watches are noticeably late.
    [[nodiscard]] bool is_late() const noexcept;

    /// How many subscriptions may catch up concurrently; each uses a Watch.
    static constexpr std::size_t turns_max = 100;

private:
    friend class Subscription;
    struct Match {
        Topic* topic;
        std::shared_ptr<const ChangeText> text;
    };
    using Descriptor_ = asio::posix::basic_stream_descriptor<Executor>;
    using Timer =
        asio::basic_waitable_timer<std::chrono::steady_clock,
                                   asio::wait_traits<std::chrono::steady_clock>, Executor>;

    [[nodiscard]] Result<void> start();
    void stop();
    void await_news();
    void read_some();
    /// Returns a handler that calls `read_some`, unless the watch has ended meanwhile.
    [[nodiscard]] auto reading_later() {
        return [this, ended = watches_ended_](const error_code& failed = {}) {
            if (!failed && ended == watches_ended_) read_some();
        };
    }
    void take(const WatchEvent& event);
    void match(const WatchEvent& event, Topic& topic);
    void dispatch(bool is_end_of_revision);
    void restart(Revision missed_up_to);
    void remove(Subscription& subscription) noexcept;

    [[nodiscard]] bool take_turn(Subscription& subscription);
    void give_back_turn(Subscription& subscription);
    void retry_later(Subscription& subscription);
    void go_on_later(Subscription& subscription);
    void await_retry();
    void retry();
    void end_stalled_turns();

    GridAccess& grid_;
    asio::io_context& loop_;
    Interests& interests_;
    GatewayFigures& figures_;
    const std::string pattern_;
    std::optional<Watch> watch_;
    std::optional<Descriptor_> news_;
    std::uint64_t watches_ended_ = 0;  ///< handlers for an ended watch are void
    Place place_;
    /// Since when the Feed reads without reaching the newest change; none if it is up to date.
    std::optional<std::chrono::steady_clock::time_point> reading_since_;

    TextMap<std::weak_ptr<Topic>> topics_;
    /// Topics with literal patterns.
    TextMap<std::vector<Topic*>> by_name_;
    std::vector<Topic*> by_pattern_;
    std::vector<Match> matches_;  ///< for the change that was read last
    Revision matches_revision_ = 0;

    std::unordered_set<Subscription*> alive_;
    std::unordered_set<Subscription*> turns_;  ///< subscriptions that are catching up
    std::deque<Subscription*> waiting_;        ///< subscriptions waiting for a turn
    std::vector<Subscription*> retried_;
    bool is_retry_due_ = false;
    Timer retry_timer_;
    std::size_t subscription_count_ = 0;
    std::size_t behind_count_ = 0;
};

}  // namespace ringside::gateway
