#pragma once

#include <list>
#include <memory>
#include <optional>

#include "ringside/client.hpp"
#include "tools/gateway/grid/outcome.hpp"
#include "tools/gateway/grid/requester.hpp"
#include "tools/gateway/watch/change_text.hpp"

namespace ringside::gateway {

class Feed;
class Topic;
class Subscription;

/// The receiver of a watch. Called in the loop, from within the Feed and Subscription::go_on.
class Sink {
public:
    virtual ~Sink() = default;
    /// Returns whether the sink takes more messages now. A sink that has returned false must call
    /// `Subscription::go_on` when it has room again. Additional calls do no harm.
    [[nodiscard]] virtual bool has_room() const noexcept = 0;
    /// `place`: up to which this message completes delivery, if known.
    virtual void tell(const Subscription& subscription,
                      const std::shared_ptr<const ChangeText>& text,
                      const std::optional<Place>& place) = 0;
    /// Everything up to this place has been delivered.
    virtual void tell_place(const Subscription& subscription, const Place& place) = 0;
};

/// The parameters of a watch.
struct WatchRequest {
    Pattern pattern;
    JsonPointer pointer{};
    WatchFor what = WatchFor::changes;
    bool initial = false;            ///< begin with the state
    std::optional<Place> after{};    ///< begin after this place
    ChangeEncoder encode = nullptr;  ///< null for `json_members`
};

/// One watch of one connection.
///
/// A subscription is *live* if it delivers what the Feed offers. It is *behind* at its start, and
/// after its sink had no room. While it is behind, it ignores the Feed's offers. Later it reads the
/// change ring with its own Watch (mode latest), at the pace of its sink, until it has caught up.
/// So a slow connection keeps only a revision and a position. If the sink is full in the middle of
/// the state (the existing records), the subscription also keeps its Watch. At most
/// `Feed::turns_max` subscriptions have a Watch. If others wait for one, a subscription with a full
/// sink loses its Watch, and later delivers the state from the beginning.
///
/// Invariant: for each change with a revision up to `told_up_to_`, or with a position in the change
/// ring before `told_before_`, the change was delivered, or a newer state of its record was
/// delivered or will be delivered. (`told_before_` is needed if the sink is full in the middle of a
/// revision.) When the subscription becomes live at revision R, it ignores offered changes up to R:
/// the Feed may be behind R.
class Subscription {
public:
    Subscription(Feed& feed, Sink& sink, std::shared_ptr<Topic> topic, Requester requester,
                 const WatchRequest& request, const Place& now);
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

    /// Takes a change that the Feed has read.
    void offer(const std::shared_ptr<const ChangeText>& text, const std::optional<Place>& place);
    /// The Feed has missed changes: the state must be delivered again.
    void restart();
    /// Delivers what its sink has room for. Called when there is room again, and by the Feed.
    void go_on();

    /// Applies other rights to later deliveries. Returns false if the new rights allow nothing of
    /// what is watched.
    [[nodiscard]] bool adopt(const Requester& requester);

    [[nodiscard]] bool is_live() const noexcept { return state_ == State::live; }
    /// Returns whether it must be offered changes up to that revision.
    [[nodiscard]] bool misses(Revision up_to) const noexcept {
        return is_live() && told_up_to_ < up_to;
    }
    /// Returns whether it could continue, but its sink takes nothing.
    [[nodiscard]] bool is_stalled() const noexcept { return watch_ && !sink_.has_room(); }
    [[nodiscard]] Feed& feed() noexcept { return feed_; }
    [[nodiscard]] const Pattern& pattern() const noexcept;
    std::uint64_t id = 0;  ///< for its sink

private:
    friend class Feed;
    enum class State : std::uint8_t { behind, live };

    [[nodiscard]] Coverage coverage() const;
    [[nodiscard]] bool may_see(const ChangeText& text) const;
    void fall_behind(Revision told_up_to);
    [[nodiscard]] bool open();
    void tell(const WatchEvent& event);
    void go_live(const Place& place);
    void give_up_watch();

    Feed& feed_;
    Sink& sink_;
    const std::shared_ptr<Topic> topic_;
    Requester requester_;
    State state_ = State::behind;
    bool sees_all_ = false;
    bool begins_now_ = false;   ///< with the next change
    bool wants_state_ = false;  ///< begins with the existing records
    bool says_lagged_ = false;  ///< before the state
    Revision told_up_to_ = 0;
    Position told_before_ = 0;
    std::optional<Watch> watch_;  ///< for catching up
    bool has_turn_ = false;       ///< one of the few that may catch up
};

}  // namespace ringside::gateway
