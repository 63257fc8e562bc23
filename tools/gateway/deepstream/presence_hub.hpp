#pragma once

#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_set>

#include "shm/base/keyed_hash.hpp"
#include "tools/gateway/deepstream/hub.hpp"
#include "tools/gateway/watch/subscription.hpp"

namespace ringside::gateway::deepstream {

class Session;

/// Presence of users in the whole grid: declares each user with a connection to this gateway, and
/// follows the declarations of all sessions of the grid.
/// Thread safety: that of the loop.
class PresenceHub : public Sink {
public:
    PresenceHub(Hub& hub, asio::io_context& loop);
    ~PresenceHub() override;

    /// Called when a connection of that user begins or ends.
    void join(const std::string& user);
    void leave(const std::string& user);

    [[nodiscard]] bool is_there(const std::string& user) const { return there_.contains(user); }
    [[nodiscard]] const std::set<std::string>& there() const noexcept { return there_; }

    // Subscribes a session to all users, or to one user.
    void follow_all(Session& session) { followers_of_all_.insert(&session); }
    void unfollow_all(Session& session) { followers_of_all_.erase(&session); }
    /// Returns false if the session already follows the user.
    bool follow(Session& session, const std::string& user);
    /// Returns false if the session did not follow the user.
    bool unfollow(Session& session, const std::string& user);
    void forget(Session& session);

    [[nodiscard]] bool has_room() const noexcept override { return true; }
    void tell(const Subscription& subscription, const std::shared_ptr<const ChangeText>& text,
              const std::optional<Place>& place) override;
    void tell_place(const Subscription& subscription, const Place& place) override;

private:
    /// A session of the grid that declares users.
    struct Speaker {
        Client client;
        std::size_t users = 0;
    };
    struct Announcement {
        std::size_t connections = 0;
        std::optional<Presence> presence;
        Speaker* speaker = nullptr;
    };

    void say(const std::string& user, Announcement& said);
    void make_speaker();
    void begin_watch();
    void set_there(const std::string& user, bool is_there);
    Task<bool> look_after();

    Hub& hub_;
    const Executor loop_;
    std::list<Speaker> speakers_;
    bool is_making_speaker_ = false;
    TextMap<Announcement> said_;
    std::unique_ptr<Subscription> watch_;
    std::set<std::string> there_;
    /// Users seen so far while the state is delivered again.
    std::optional<std::set<std::string>> met_;
    std::unordered_set<Session*> followers_of_all_;
    TextMap<std::unordered_set<Session*>> followers_;
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>
        timer_;
};

}  // namespace ringside::gateway::deepstream
