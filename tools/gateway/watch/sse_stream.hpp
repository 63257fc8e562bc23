#pragma once

#include <deque>
#include <memory>
#include <string>

#include "tools/gateway/http/connection.hpp"
#include "tools/gateway/load/byte_budget.hpp"
#include "tools/gateway/load/live_stream.hpp"
#include "tools/gateway/watch/feed.hpp"

namespace ringside::gateway {

class SseStreams;

/// A connection that receives one watch as server-sent events (HTML, 9.2).
///
/// A message is written immediately if the connection takes it. Otherwise it is queued, up to
/// `queue_bytes_max`; beyond that the subscription falls behind.
class SseStream : public Sink, public LiveStream, public std::enable_shared_from_this<SseStream> {
public:
    SseStream(SseStreams& all, Connection& connection, Requester requester, RightsCheck check);
    ~SseStream() override;

    /// Serves until the client has gone, or the gateway is drained.
    static Task<void> run(std::shared_ptr<SseStream> stream, Feed& feed, WatchRequest request);

    [[nodiscard]] bool has_room() const noexcept override;
    /// Ends the stream if rights were withdrawn. Resumes it if it waited for memory.
    void check(std::chrono::steady_clock::time_point now) override;
    void tell(const Subscription& subscription, const std::shared_ptr<const ChangeText>& text,
              const std::optional<Place>& place) override;
    void tell_place(const Subscription& subscription, const Place& place) override;

    /// Sends a sign of life if nothing was sent for a while.
    void beat(std::chrono::steady_clock::time_point now);

    static constexpr std::size_t queue_bytes_max = 256U << 10;

private:
    using Clock = std::chrono::steady_clock;

    void put(std::shared_ptr<const std::string> text);
    void pop_front();
    void end(const Problem& problem);
    Task<void> write_queue();

    SseStreams& all_;
    Connection& connection_;
    const std::shared_ptr<Connection> alive_;
    Requester requester_;
    const RightsCheck check_rights_;
    Clock::time_point rights_due_;
    ByteBudget::Share memory_;  ///< for queued messages
    std::unique_ptr<Subscription> subscription_;
    struct Queued {
        std::shared_ptr<const std::string> text;
        std::size_t charged;  ///< to the budget; a shared text is charged once
    };

    std::deque<Queued> queue_;
    std::size_t front_written_ = 0;  ///< bytes of the queue's first message
    std::size_t queued_bytes_ = 0;
    bool is_writing_ = false;
    bool is_modest_ = false;         ///< the last message is small
    mutable bool was_full_ = false;  ///< the subscription saw no room, and must be resumed
    bool is_over_ = false;
    Clock::time_point told_at_;
};

/// All streams: their signs of life, and the current text, which many of them share.
class SseStreams {
public:
    SseStreams(asio::io_context& loop, GatewayFigures& figures);

    static constexpr std::chrono::seconds beat_interval{15};

private:
    friend class SseStream;
    /// Returns the same text for all streams with identical changes, one after the other.
    [[nodiscard]] const std::shared_ptr<const std::string>& text_of(
        const std::shared_ptr<const ChangeText>& change, const std::optional<Place>& place);
    Task<bool> beat();

    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>
        timer_;
    std::unordered_set<SseStream*> streams_;
    std::shared_ptr<const ChangeText> last_change_;
    std::optional<Revision> last_place_;
    std::shared_ptr<const std::string> last_text_;
    GatewayFigures& figures_;
};

}  // namespace ringside::gateway
