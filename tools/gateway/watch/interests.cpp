#include "tools/gateway/watch/interests.hpp"

#include <spdlog/spdlog.h>

#include "tools/gateway/load/spawn.hpp"

namespace ringside::gateway {

namespace {

/// Per session; the remaining declarations are reserved for its other needs.
constexpr std::size_t wants_per_session = limits::declarations_per_session_max - 6;

}  // namespace

TopicInterest::~TopicInterest() { all_.remove(*this); }

Interests::Interests(asio::io_context& loop, SessionMaker& sessions)
    : loop_(loop.get_executor()), session_maker_(sessions), timer_(loop_) {
    spawn(loop_, keep_doing(loop_, "declaring interests", [this] { return look_after(); }),
          "declaring interests");
}

Interests::~Interests() = default;

std::unique_ptr<TopicInterest> Interests::declare(const std::string& pattern) {
    if (interests_.size() >= patterns_max) return nullptr;
    std::unique_ptr<TopicInterest> made(new TopicInterest(*this, pattern));
    interests_.insert(made.get());
    say(*made);
    return made;
}

/// An interest that cannot be declared now is declared when a session is available, or by
/// `look_after`.
bool Interests::say(TopicInterest& interest) {
    if (sessions_.empty() || sessions_.back().wants >= wants_per_session) {
        make_session();
        return true;
    }
    InterestSession& session = sessions_.back();
    auto want = session.client.declare_interest(interest.pattern_);
    if (!want) {
        spdlog::debug("interest in '{}' is waiting: {}", interest.pattern_, want.error().text());
        return want.error() != Errc::no_broker && want.error() != Errc::no_such_grid;
    }
    interest.want_ = *std::move(want);
    interest.session_ = &session;
    ++session.wants;
    return true;
}

void Interests::make_session() {
    if (std::exchange(is_making_session_, true)) return;
    session_maker_.make("gateway interests", [this](Result<Client> made) {
        is_making_session_ = false;
        if (!made) return spdlog::debug("interests are waiting: {}", made.error().text());
        sessions_.push_back({*std::move(made)});
        declare_waiting();
    });
}

void Interests::declare_waiting() {
    for (TopicInterest* interest : interests_) {
        if (!interest->want_ && !say(*interest)) return;
    }
}

void Interests::remove(TopicInterest& interest) noexcept {
    interests_.erase(&interest);
    interest.want_.reset();
    if (interest.session_ == nullptr || --interest.session_->wants > 0) return;
    sessions_.remove_if(
        [&](const InterestSession& session) { return &session == interest.session_; });
}

/// Stops early if there is no broker: the next round finds it.
void Interests::renew_all() {
    for (TopicInterest* interest : interests_) {
        if (!interest->want_) {
            if (!say(*interest)) return;
        } else if (const auto renewed = interest->want_->renew(); !renewed) {
            spdlog::debug("interest in '{}': {}", interest->pattern_, renewed.error().text());
            const Errc code = renewed.error().code;
            if (code == Errc::no_broker || code == Errc::no_such_grid) return;
        }
    }
}

/// Unused sessions must be resumed as well after the broker has changed.
Task<bool> Interests::look_after() {
    constexpr std::chrono::seconds interval{1};
    timer_.expires_after(interval);
    const auto [failed] = co_await timer_.async_wait(use_task);
    if (failed) co_return false;
    renew_all();
    co_return true;
}

}  // namespace ringside::gateway
