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

#include "ringside/client.hpp"
#include "tools/gateway/grid/grid_access.hpp"
#include "tools/gateway/load/spawn.hpp"

namespace ringside::gateway::deepstream {

/// Many patterns at which calls or interest arrive, of all connections: as many sessions as that
/// takes, each with a thread that hands what comes to the loop.
///
/// `Inbox` and `Item`: Provider and Call, or Listener and Interest.
/// Thread safety: that of the loop.
template <class Inbox, class Item>
class GridPosts {
public:
    struct Post;
    using Handler = std::function<void(Inbox& inbox, std::shared_ptr<Item> item)>;
    using Open = std::function<Result<Inbox>(Client& client)>;

    /// A pattern, for as long as it lives. Where the grid is not there, it waits for it.
    class Place {
    public:
        ~Place() { all_.remove(*this); }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

    private:
        friend class GridPosts;
        Place(GridPosts& all, std::string pattern, Handler handler)
            : all_(all), pattern_(std::move(pattern)), handler_(std::move(handler)) {}

        GridPosts& all_;
        const std::string pattern_;
        const Handler handler_;
        Post* post_ = nullptr;
        std::uint64_t id_ = 0;
        bool is_refused_ = false;  ///< for good
    };

    GridPosts(asio::io_context& loop, GridAccess& grid, Open open)
        : loop_(loop.get_executor()), grid_(grid), open_(std::move(open)), timer_(loop_) {
        spawn(loop_, keep_doing(loop_, "declaring names", [this] { return look_after(); }),
              "declaring names");
    }
    ~GridPosts() {
        for (Post& post : posts_) post.stop();
    }

    /// Null: there are too many.
    [[nodiscard]] std::unique_ptr<Place> add(std::string pattern, Handler handler) {
        if (places_.size() >= patterns_max) return nullptr;
        std::unique_ptr<Place> place(new Place(*this, std::move(pattern), std::move(handler)));
        places_.insert(place.get());
        declare(*place);
        return place;
    }
    [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }

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
        std::unordered_map<std::uint64_t, Place*> places;
        std::atomic<bool> stops = false;
        std::thread thread;
    };

private:
    static std::uint64_t pattern_of(const Call& call) noexcept { return call.pattern_id(); }
    static std::uint64_t pattern_of(const Interest& interest) noexcept {
        return interest.pattern_id;
    }

    void declare(Place& place) {
        Post* post = post_with_room();
        if (post == nullptr) return;  // `look_after` tries again
        const auto id = post->inbox.add(place.pattern_);
        if (!id) {
            place.is_refused_ = id.error() == Errc::bad_pattern;
            return spdlog::warn("'{}' is not declared: {}", place.pattern_, id.error().text());
        }
        place.post_ = post;
        place.id_ = *id;
        post->places.emplace(*id, &place);
    }

    /// Null: there is none yet; what waits is declared when there is.
    [[nodiscard]] Post* post_with_room() {
        for (Post& post : posts_) {
            if (post.places.size() < places_per_post) return &post;
        }
        make_post();
        return nullptr;
    }

    void make_post() {
        if (std::exchange(is_making_post_, true)) return;
        grid_.sessions().make("gateway", [this](Result<Client> client) {
            is_making_post_ = false;
            auto inbox = client ? open_(*client) : Result<Inbox>(client.error());
            if (!inbox) return spdlog::debug("names wait: {}", inbox.error().text());
            Post& post = posts_.emplace_back(*std::move(client), *std::move(inbox));
            post.thread = std::thread([this, &post] { serve(post); });
            declare_waiting();
        });
    }

    void declare_waiting() {
        for (Place* place : places_) {
            if (place->post_ == nullptr && !place->is_refused_) declare(*place);
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
                return spdlog::error("nothing arrives any more: {}", got.error().text());
            }
        }
    }

    void hand(Post& post, std::shared_ptr<Item> item) {
        const auto place = post.places.find(pattern_of(*item));
        if (place != post.places.end()) return place->second->handler_(post.inbox, std::move(item));
        // Nobody here has seen the call.
        if constexpr (std::is_same_v<Item, Call>) grid_.reject(std::move(item));
    }

    void remove(Place& place) noexcept {
        places_.erase(&place);
        if (place.post_ == nullptr) return;
        place.post_->places.erase(place.id_);
        place.post_->inbox.remove(place.id_);
    }

    Task<bool> look_after() {
        timer_.expires_after(std::chrono::seconds(1));
        const auto [failed] = co_await timer_.async_wait(use_task);
        if (failed) co_return false;
        declare_waiting();
        co_return true;
    }

    /// The rest of a session's declarations is left to what else it may come to need.
    static constexpr std::size_t places_per_post = limits::declarations_per_session_max - 6;

    const Executor loop_;
    GridAccess& grid_;
    const Open open_;
    std::list<Post> posts_;
    bool is_making_post_ = false;
    std::unordered_set<Place*> places_;
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>
        timer_;
};

using ProviderPosts = GridPosts<Provider, Call>;
using ListenerPosts = GridPosts<Listener, Interest>;

}  // namespace ringside::gateway::deepstream
