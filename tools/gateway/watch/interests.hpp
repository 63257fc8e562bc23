#pragma once

#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include "ringside/client.hpp"
#include "tools/gateway/grid/session_maker.hpp"
#include "tools/gateway/net.hpp"

namespace ringside::gateway {

class Interests;

struct InterestSession {
    Client client;
    std::size_t wants = 0;
};

/// Says that a pattern is watched, for as long as it lives; where the grid is not there just now,
/// as soon as it is.
class TopicInterest {
public:
    ~TopicInterest();
    TopicInterest(const TopicInterest&) = delete;
    TopicInterest& operator=(const TopicInterest&) = delete;

private:
    friend class Interests;
    TopicInterest(Interests& all, std::string pattern) : all_(all), pattern_(std::move(pattern)) {}

    Interests& all_;
    const std::string pattern_;
    std::optional<Want> want_;
    InterestSession* session_ = nullptr;  ///< that `want_` is in
};

/// The interests of all connections, told to the grid by as many sessions as it takes.
/// Thread safety: that of the loop.
class Interests {
public:
    Interests(asio::io_context& loop, SessionMaker& sessions);
    ~Interests();

    /// Null: there are too many already.
    [[nodiscard]] std::unique_ptr<TopicInterest> declare(const std::string& pattern);

    static constexpr std::size_t patterns_max = 65'536;

private:
    friend class TopicInterest;

    /// Returns false if there is no grid just now.
    bool say(TopicInterest& interest);
    void make_session();
    void declare_waiting();
    void renew_all();
    void remove(TopicInterest& interest) noexcept;
    Task<bool> look_after();

    const Executor loop_;
    SessionMaker& session_maker_;
    bool is_making_session_ = false;
    std::list<InterestSession> sessions_;
    std::unordered_set<TopicInterest*> interests_;
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>
        timer_;
};

}  // namespace ringside::gateway
