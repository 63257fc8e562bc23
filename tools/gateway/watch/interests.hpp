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

/// Declares that a pattern is watched, for the lifetime of the object. While there is no grid, the
/// declaration is deferred.
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
    std::optional<DeclaredInterest> want_;
    InterestSession* session_ = nullptr;  ///< that holds `want_`
};

/// The interests of all connections, declared in as many sessions as needed.
/// Thread safety: that of the loop.
class Interests {
public:
    Interests(asio::io_context& loop, SessionMaker& sessions);
    ~Interests();

    /// Returns null if there are too many.
    [[nodiscard]] std::unique_ptr<TopicInterest> declare(const std::string& pattern);

    static constexpr std::size_t patterns_max = 65'536;

private:
    friend class TopicInterest;

    /// Returns false if there is no grid at the moment.
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
