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

/// Where what is watched goes. Called from the loop, from within the Feed and Subscription::go_on.
class Sink {
public:
    virtual ~Sink() = default;
    /// Whether it takes more now. One that has said no calls `Subscription::go_on` later.
    [[nodiscard]] virtual bool has_room() const noexcept = 0;
    /// `place`: up to where everything was told by this, where that is known.
    virtual void tell(const Subscription& subscription,
                      const std::shared_ptr<const ChangeText>& text,
                      const std::optional<Place>& place) = 0;
    /// Everything up to there was told, by now.
    virtual void tell_place(const Subscription& subscription, const Place& place) = 0;
};

/// What is to be watched.
struct WatchRequest {
    Pattern pattern;
    Pointer pointer{};
    WatchFor what = WatchFor::changes;
    bool initial = false;            ///< begin with the state
    std::optional<Place> after{};    ///< begin behind it
    ChangeEncoder encode = nullptr;  ///< null: `json_members`
};

/// One watch of one connection.
///
/// It is *live*: the Feed tells it of each change; or *behind*: at its start, and when its sink has
/// no room. Then it forgets what it is not told, and later reads from the change ring by itself,
/// with a Watch that delivers newest states, at the pace of its sink, until it has caught up. So
/// nothing is kept for a slow connection but its place in the ring.
///
/// Invariant: whatever has a revision up to `told_up_to_`, or a position before `told_before_`, was
/// told, or is in a newer state that will be. (A revision may be told in part, when room ends in
/// its midst.) Going live at revision R, it passes over what the Feed, which may be behind R, has
/// of revisions up to R.
class Subscription {
public:
    Subscription(Feed& feed, Sink& sink, std::shared_ptr<Topic> topic, Requester requester,
                 const WatchRequest& request, const Place& now);
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

    /// A change that the Feed has met.
    void offer(const std::shared_ptr<const ChangeText>& text, const std::optional<Place>& place);
    /// The Feed has missed changes: what is there has to be told anew.
    void begin_anew();
    /// Tells what its sink has room for. Called when there is room again, and by the Feed.
    void go_on();

    /// Applies other rights to what is told from now on. Returns false if nothing of what is watched
    /// may be seen any longer.
    [[nodiscard]] bool adopt(const Requester& requester);

    [[nodiscard]] bool is_live() const noexcept { return state_ == State::live; }
    /// Whether it has to be offered changes up to there.
    [[nodiscard]] bool misses(Revision up_to) const noexcept {
        return is_live() && told_up_to_ < up_to;
    }
    /// Whether it would go on, and its sink takes nothing.
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
    bool wants_state_ = false;  ///< begins with the records that are there
    bool says_lagged_ = false;  ///< before that
    Revision told_up_to_ = 0;
    Position told_before_ = 0;
    std::optional<Watch> watch_;  ///< with which it catches up
    bool has_turn_ = false;       ///< of the few that may have one
};

}  // namespace ringside::gateway
