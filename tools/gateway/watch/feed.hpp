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

/// What several subscriptions watch alike: its changes are encoded once for all of them.
class Topic {
public:
    explicit Topic(const WatchRequest& request)
        : pattern_(request.pattern),
          pointer_(request.pointer),
          what_(request.what),
          encode_(request.encode == nullptr ? json_members : request.encode) {}

    [[nodiscard]] const Pattern& pattern() const noexcept { return pattern_; }
    [[nodiscard]] const Pointer& pointer() const noexcept { return pointer_; }
    [[nodiscard]] WatchFor what() const noexcept { return what_; }
    [[nodiscard]] ChangeEncoder encoder() const noexcept { return encode_; }
    /// Whether both tell of a change in the same words.
    [[nodiscard]] bool shows_like(const Topic& other) const noexcept {
        return pointer_ == other.pointer_ && encode_ == other.encode_;
    }
    [[nodiscard]] std::string key() const;

private:
    friend class Feed;
    friend class Subscription;
    const Pattern pattern_;
    const Pointer pointer_;
    const WatchFor what_;
    const ChangeEncoder encode_;
    std::vector<Subscription*> subscriptions_;
    std::unique_ptr<TopicInterest> interest_;
};

/// Follows the changes of the grid for all connections: one reader of the change ring, which finds
/// for each change the topics that watch it, encodes it once for each, and offers it to their
/// subscriptions. It reads only while somebody watches.
/// Thread safety: that of the loop.
class Feed {
public:
    /// `pattern`: of all that it may be asked for.
    Feed(GridAccess& grid, asio::io_context& loop, Interests& interests, GatewayFigures& figures,
         std::string pattern);
    ~Feed();
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;

    /// Begins a watch; the first it tells comes from within `Subscription::go_on`.
    /// Problems: 503 where the grid is not there, or too much is watched.
    Outcome<std::unique_ptr<Subscription>> subscribe(Sink& sink, const Requester& requester,
                                                     const WatchRequest& request);

    /// Offers all changes that are there, at once. Not from within a Sink.
    void catch_up();

    /// Up to where all changes were offered.
    [[nodiscard]] Place place() const noexcept { return place_; }
    [[nodiscard]] std::size_t subscriptions() const noexcept { return subscription_count_; }
    [[nodiscard]] std::size_t behind() const noexcept { return behind_count_; }

    /// How many may catch up at the same time; each has a Watch of its own.
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
    /// Calls `read_some`, unless the watch has ended meanwhile.
    [[nodiscard]] auto reading_later() {
        return [this, ended = watches_ended_](const error_code& failed = {}) {
            if (!failed && ended == watches_ended_) read_some();
        };
    }
    void take(const WatchEvent& event);
    void match(const WatchEvent& event, Topic& topic);
    void dispatch(bool is_end_of_revision);
    void begin_anew(Revision missed_up_to);
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
    std::uint64_t watches_ended_ = 0;  ///< what was arranged for one of them is void
    Place place_;

    TextMap<std::weak_ptr<Topic>> topics_;
    /// Those of literal patterns.
    TextMap<std::vector<Topic*>> by_name_;
    std::vector<Topic*> by_pattern_;
    std::vector<Match> matches_;  ///< of the change that was read last
    Revision matches_revision_ = 0;

    std::unordered_set<Subscription*> alive_;
    std::unordered_set<Subscription*> turns_;  ///< those that catch up
    std::deque<Subscription*> waiting_;        ///< for a turn
    std::vector<Subscription*> retried_;
    bool is_retry_due_ = false;
    Timer retry_timer_;
    std::size_t subscription_count_ = 0;
    std::size_t behind_count_ = 0;
};

}  // namespace ringside::gateway
