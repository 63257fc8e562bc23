#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <string>
#include <utility>

#include "ringside/client.hpp"
#include "tools/gateway/net.hpp"

namespace ringside::gateway {

/// How long the loop waits for a broker to accept a session again. A later call finds an answer
/// that arrives after that.
inline constexpr std::chrono::milliseconds loop_greeting_time{2};

/// Attaches clients of the loop in a separate thread: a broker that hangs would block for seconds.
/// The clients do not wait for a broker later either (`loop_greeting_time`).
/// Thread safety: that of the loop.
class SessionMaker {
public:
    using OnMade = std::function<void(Result<Client>)>;  ///< called in the loop

    SessionMaker(Executor loop, std::string grid)
        : loop_(std::move(loop)), grid_(std::move(grid)) {}
    ~SessionMaker() { thread_.join(); }
    SessionMaker(const SessionMaker&) = delete;
    SessionMaker& operator=(const SessionMaker&) = delete;

    /// `program`: shown by `ringside inspect`. Errors: those of Client::attach.
    void make(std::string program, OnMade on_made) {
        asio::post(thread_, [this, program = std::move(program), on_made = std::move(on_made)] {
            auto made = Client::attach(options_of(grid_, program));
            asio::post(loop_,
                       [made = std::move(made), on_made]() mutable { on_made(std::move(made)); });
        });
    }

    [[nodiscard]] static ClientOptions options_of(std::string grid, std::string program) {
        return {.grid = std::move(grid),
                .program = std::move(program),
                .timeout = std::chrono::milliseconds(0),
                .greeting_time = loop_greeting_time};
    }

private:
    const Executor loop_;
    const std::string grid_;
    boost::asio::thread_pool thread_{1};
};

}  // namespace ringside::gateway
