#pragma once

#include <chrono>
#include <deque>

#include "ringside/client.hpp"
#include "tools/gateway/grid/completion.hpp"
#include "tools/gateway/net.hpp"

namespace ringside::gateway {

/// Delays requests while the loop opens its session with a restarted grid. That takes some
/// milliseconds, in which the loop cannot wait for the broker. Without the delay, reads would fail
/// with `no_broker`, although the grid is being served.
///
/// One timer checks the session for all waiting requests.
/// Thread safety: that of the loop.
class ReaderReadiness {
public:
    /// `reader`: a client that does not wait for a broker; it must outlive this.
    /// `time`: maximum time that a request is delayed.
    ReaderReadiness(Executor loop, const Client& reader, std::chrono::milliseconds time)
        : loop_(std::move(loop)), reader_(reader), time_(time) {}
    ReaderReadiness(const ReaderReadiness&) = delete;
    ReaderReadiness& operator=(const ReaderReadiness&) = delete;

    /// Returns whether reads fail only because the broker has not answered yet. Without a grid
    /// (no_such_grid) there is nothing to wait for. Cost, if the reader has a session: some tens of
    /// nanoseconds.
    [[nodiscard]] bool is_attaching() const;
    /// Returns as soon as `is_attaching` is false, or when the time is over.
    Task<void> wait();
    /// Number of requests that are delayed.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

private:
    Task<void> poll();

    const Executor loop_;
    const Client& reader_;
    const std::chrono::milliseconds time_;
    std::deque<Completion<bool>> waiting_;
    bool is_polling_ = false;
};

}  // namespace ringside::gateway
