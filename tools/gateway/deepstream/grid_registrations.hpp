#pragma once

#include <spdlog/spdlog.h>

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "ringside/client.hpp"
#include "tools/gateway/grid/grid_access.hpp"
#include "tools/gateway/load/spawn.hpp"

namespace ringside::gateway::deepstream {

/// Patterns of all connections at which calls or interest arrive. It opens as many sessions as
/// needed; a thread for each passes the arrivals to the loop.
///
/// `Inbox` and `Item`: Provider and Call, or Listener and Interest.
/// Thread safety: that of the loop.
template <class Inbox, class Item>
class GridRegistrations {
public:
    struct Post;
    using Handler = std::function<void(Inbox& inbox, std::shared_ptr<Item> item)>;
    using Open = std::function<Result<Inbox>(Client& client, OnRegistered on_registered)>;
    /// `is_registered`: false if the pattern was refused or removed.
    using OnDecided = std::function<void(bool is_registered)>;

    /// Registration of a pattern for the lifetime of the object. While no grid is available, it
    /// waits for one.
    class Registration {
    public:
        ~Registration() {
            all_.remove(*this);
            decide(false);
        }
        Registration(const Registration&) = delete;
        Registration& operator=(const Registration&) = delete;

        /// Calls `on_decided` on the loop, after this function, once the broker has registered or
        /// refused the pattern, or once the pattern is removed. A pattern that is registered is so
        /// for all gateways. Replaces an earlier call of the same `waiter`, so that the memory is
        /// bounded by the number of waiters.
        void when_decided(const void* waiter, OnDecided on_decided) {
            if (is_decided_) return post(std::move(on_decided));
            waiting_[waiter] = std::move(on_decided);
        }
        /// Ends the wait of a waiter: its call follows now.
        void end_wait(const void* waiter) {
            if (auto waiting = waiting_.extract(waiter)) post(std::move(waiting.mapped()));
        }

    private:
        void decide(bool is_registered) {
            is_decided_ = true;
            is_registered_ = is_registered;
            for (auto& [waiter, on_decided] : std::exchange(waiting_, {})) {
                post(std::move(on_decided));
            }
        }
        void post(OnDecided on_decided) const {
            asio::post(all_.loop_, [on_decided = std::move(on_decided),
                                    is_registered = is_registered_] { on_decided(is_registered); });
        }

        friend class GridRegistrations;
        Registration(GridRegistrations& all, std::string pattern, Handler handler)
            : all_(all), pattern_(std::move(pattern)), handler_(std::move(handler)) {}

        GridRegistrations& all_;
        const std::string pattern_;
        const Handler handler_;
        Post* post_ = nullptr;
        std::uint64_t id_ = 0;
        bool is_refused_ = false;  ///< permanently
        bool is_decided_ = false;
        bool is_registered_ = false;
        std::unordered_map<const void*, OnDecided> waiting_;
    };

    GridRegistrations(asio::io_context& loop, GridAccess& grid, Open open)
        : loop_(loop.get_executor()), grid_(grid), open_(std::move(open)), timer_(loop_) {
        spawn(loop_, keep_doing(loop_, "declaring names", [this] { return look_after(); }),
              "declaring names");
    }
    ~GridRegistrations() {
        for (Post& post : posts_) post.stop();
    }

    /// Returns null if there are too many.
    [[nodiscard]] std::unique_ptr<Registration> add(std::string pattern, Handler handler) {
        if (registrations_.size() >= patterns_max) return nullptr;
        std::unique_ptr<Registration> registration(
            new Registration(*this, std::move(pattern), std::move(handler)));
        registrations_.insert(registration.get());
        declare(*registration);
        return registration;
    }
    [[nodiscard]] std::size_t size() const noexcept { return registrations_.size(); }

    static constexpr std::size_t patterns_max = 16'384;

    struct Post {
        Post(Client its_client, Inbox its_inbox)
            : client(std::move(its_client)), inbox(std::move(its_inbox)) {}
        void stop() {
            stops.store(true);  // SYNC thread-stop: pairs with serve().
            inbox.interrupt();
            thread.join();
        }
        Client client;
        Inbox inbox;
        std::unordered_map<std::uint64_t, Registration*> registrations;
        std::atomic<bool> stops = false;
        std::thread thread;
    };

private:
    static std::uint64_t pattern_of(const Call& call) noexcept { return call.pattern_id(); }
    static std::uint64_t pattern_of(const Interest& interest) noexcept {
        return interest.pattern_id;
    }

    void declare(Registration& registration) {
        Post* post = post_with_room();
        if (post == nullptr) return;  // `look_after` tries again.
        const auto id = post->inbox.add(registration.pattern_);
        if (!id) {
            registration.is_refused_ = id.error() == Errc::bad_pattern;
            if (registration.is_refused_) registration.decide(false);
            return spdlog::warn("cannot declare '{}': {}", registration.pattern_,
                                id.error().text());
        }
        registration.post_ = post;
        registration.id_ = *id;
        post->registrations.emplace(*id, &registration);
    }

    /// Returns null if none has room yet. Waiting patterns are declared when one has.
    [[nodiscard]] Post* post_with_room() {
        for (Post& post : posts_) {
            if (post.registrations.size() < registrations_per_post) return &post;
        }
        make_post();
        return nullptr;
    }

    void make_post() {
        if (std::exchange(is_making_post_, true)) return;
        grid_.sessions().make("gateway", [this](Result<Client> client) {
            is_making_post_ = false;
            auto target = std::make_shared<Post*>(nullptr);
            // Called by the thread of the post.
            OnRegistered on_registered = [this, target](std::uint64_t id,
                                                        const Result<void>& outcome) {
                asio::post(loop_,
                           [this, target, id, outcome] { on_decision(**target, id, outcome); });
            };
            auto inbox =
                client ? open_(*client, std::move(on_registered)) : Result<Inbox>(client.error());
            if (!inbox) return spdlog::debug("declarations are waiting: {}", inbox.error().text());
            Post& post = posts_.emplace_back(*std::move(client), *std::move(inbox));
            *target = &post;
            post.thread = std::thread([this, &post] { serve(post); });
            declare_waiting();
        });
    }

    void declare_waiting() {
        for (Registration* registration : registrations_) {
            if (registration->post_ == nullptr && !registration->is_refused_)
                declare(*registration);
        }
    }

    void serve(Post& post) {
        while (!post.stops.load()) {  // SYNC thread-stop: pairs with Post::stop().
            auto got = post.inbox.next(std::chrono::hours(1));
            if (got) {
                auto item = std::make_shared<Item>(*std::move(got));
                asio::post(loop_, [this, &post, item = std::move(item)]() mutable {
                    hand(post, std::move(item));
                });
            } else if (got.error() == Errc::connection_lost ||
                       got.error() == Errc::permission_denied) {
                return spdlog::error("receiving stopped: {}", got.error().text());
            }
        }
    }

    void hand(Post& post, std::shared_ptr<Item> item) {
        const auto registration = post.registrations.find(pattern_of(*item));
        if (registration != post.registrations.end())
            return registration->second->handler_(post.inbox, std::move(item));
        // No provider in this process has seen the call.
        if constexpr (std::is_same_v<Item, Call>) grid_.reject(std::move(item));
    }

    void on_decision(Post& post, std::uint64_t id, const Result<void>& outcome) {
        const auto registration = post.registrations.find(id);
        if (registration == post.registrations.end()) return;
        if (!outcome) {
            spdlog::warn("the grid refused '{}': {}", registration->second->pattern_,
                         outcome.error().text());
        }
        registration->second->decide(outcome.has_value());
    }

    void remove(Registration& registration) noexcept {
        registrations_.erase(&registration);
        if (registration.post_ == nullptr) return;
        registration.post_->registrations.erase(registration.id_);
        registration.post_->inbox.remove(registration.id_);
    }

    Task<bool> look_after() {
        timer_.expires_after(std::chrono::seconds(1));
        const auto [failed] = co_await timer_.async_wait(use_task);
        if (failed) co_return false;
        declare_waiting();
        co_return true;
    }

    /// The remaining declarations of a session are reserved for its other needs.
    static constexpr std::size_t registrations_per_post = limits::declarations_per_session_max - 6;

    const Executor loop_;
    GridAccess& grid_;
    const Open open_;
    std::list<Post> posts_;
    bool is_making_post_ = false;
    std::unordered_set<Registration*> registrations_;
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>
        timer_;
};

using ProviderRegistrations = GridRegistrations<Provider, Call>;
using ListenerRegistrations = GridRegistrations<Listener, Interest>;

}  // namespace ringside::gateway::deepstream
