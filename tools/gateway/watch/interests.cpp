#include "tools/gateway/watch/interests.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace ringside::gateway {

namespace {

/// Of one session; the rest of its places is left to what else it may come to need.
constexpr std::size_t wants_per_session = limits::declarations_per_session_max - 6;

}  // namespace

TopicInterest::~TopicInterest() { all_.remove(*this); }

Interests::Interests(asio::io_context& loop, std::string grid)
    : loop_(loop.get_executor()), grid_(std::move(grid)), timer_(loop_) {
    asio::co_spawn(loop_, look_after(), asio::detached);
}

Interests::~Interests() = default;

std::unique_ptr<TopicInterest> Interests::declare(const std::string& pattern) {
    if (interests_.size() >= patterns_max) return nullptr;
    std::unique_ptr<TopicInterest> made(new TopicInterest(*this, pattern));
    interests_.insert(made.get());
    say(*made);
    return made;
}

/// Where it cannot be said now, `look_after` says it later.
void Interests::say(TopicInterest& interest) {
    if (sessions_.empty() || sessions_.back().wants >= wants_per_session) {
        auto client = Client::attach({.grid = grid_,
                                      .program = "gateway interests",
                                      .timeout = std::chrono::milliseconds(0)});
        if (!client) {
            spdlog::debug("interest in '{}' waits: {}", interest.pattern_, client.error().text());
            return;
        }
        sessions_.push_back({*std::move(client)});
    }
    InterestSession& session = sessions_.back();
    auto want = session.client.want(interest.pattern_);
    if (!want) {
        spdlog::debug("interest in '{}' waits: {}", interest.pattern_, want.error().text());
        return;
    }
    interest.want_ = *std::move(want);
    interest.session_ = &session;
    ++session.wants;
}

void Interests::remove(TopicInterest& interest) noexcept {
    interests_.erase(&interest);
    interest.want_.reset();
    if (interest.session_ == nullptr || --interest.session_->wants > 0) return;
    sessions_.remove_if(
        [&](const InterestSession& session) { return &session == interest.session_; });
}

void Interests::renew_all() {
    for (TopicInterest* interest : interests_) {
        if (!interest->want_) {
            say(*interest);
        } else if (const auto renewed = interest->want_->renew(); !renewed) {
            // No broker just now: the next round finds it.
            spdlog::debug("interest in '{}': {}", interest->pattern_, renewed.error().text());
        }
    }
}

/// Sessions that nobody uses have to be resumed, too, when the broker has changed.
Task<void> Interests::look_after() {
    constexpr std::chrono::seconds interval{1};
    for (;;) {
        timer_.expires_after(interval);
        const auto [failed] = co_await timer_.async_wait(use_task);
        if (failed) co_return;
        renew_all();
    }
}

}  // namespace ringside::gateway
