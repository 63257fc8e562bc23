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
    /// Returns whether it takes more now. After returning false, it calls `Subscription::go_on`
    /// later.
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
/// when its sink has no room. A subscription that is behind drops what it is offered. Later it
/// reads from the change ring itself, with a Watch that delivers newest states, at the pace of its
/// sink, until it has caught up. So a slow connection keeps only a revision and a position. While
/// its state is partly delivered, it also keeps its Watch, unless others wait for a turn.
///
/// Invariant: everything with a revision up to `told_up_to_`, or a position before `told_before_`,
/// was delivered, or is part of a newer state that will be. (A revision may be delivered in part,
/// if the sink runs out of room within it.) When it becomes live at revision R, it skips changes up
/// to R that the Feed still offers, because the Feed may be behind R.
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
