#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "ringside/client.hpp"
#include "tools/kafka/sink/change_message.hpp"
#include "tools/kafka/sink/outbox.hpp"
#include "tools/kafka/sink/position.hpp"
#include "tools/kafka/sink/report.hpp"
#include "tools/kafka/sink/selection.hpp"

namespace ringside::kafka {

/// Sends a grid's changes to Kafka, from the position that the grid stores for it.
///
///   1  as soon as a grid is available, take ownership of the position record
///   2  begin a watch at the revision after the position; if the grid no longer retains that
///      revision, or was recreated, send "lagged", the whole state at one revision, and "resumed",
///      and begin the watch after that revision
///   3  pass each change to librdkafka, which sends it until Kafka has it
///   4  five times a second, advance the position to the last revision that Kafka has completely
///
/// Invariant: Kafka has all changes up to the position, or has received a notice that some were
/// missed. So a sink that ends at any point loses nothing, and later sends again what was after the
/// position. While Kafka takes nothing, the watch is not read: the grid is not affected.
///
/// Thread safety: `run` is for one thread; several sinks may share a Client.
class Sink {
public:
    /// `member` must be unique among processes and sinks. The client must outlive the sink.
    Sink(Client& client, SinkOptions options, const std::string& member);

    /// Creates the producer, which changes nothing. Error: bad_configuration for incompatible
    /// properties.
    Result<void> open() { return outbox_.open(); }

    /// Waits for the grid, then runs until a stop is requested. It returns when Kafka has
    /// everything that was sent, or after `SinkOptions::stop_timeout`. `on_ready` is called once:
    /// later changes are sent one by one, unless some are missed. REQUIRES: open.
    ///
    /// Errors: condition_failed if another sink of this name has taken over; permanent failures.
    Result<void> run(std::stop_token stop, std::function<void()> on_ready);

    static constexpr auto position_interval = std::chrono::milliseconds(200);

private:
    using Clock = std::chrono::steady_clock;

    /// The action after a step.
    enum class Next : std::uint8_t { go_on, go_back, stop };

    /// Why the state must be sent.
    struct Gap {
        bool is_missed = true;  ///< changes may have been missed: send "lagged"
        std::uint64_t missed = 0;
    };

    Result<Next> wait_to_take_over();
    Result<void> take_over();
    Result<Next> work();
    Result<Next> begin_watch();
    Result<Next> send_state();
    Result<Next> send_records(const Snapshot& snapshot);
    Result<Next> send_markers(const OutgoingMessage& message, Revision revision);
    Result<Next> follow();
    Result<Next> take(const WatchEvent& event, std::chrono::nanoseconds asked_at);
    Result<Next> send(const OutgoingMessage& message, Revision revision, Outbox::Part part);
    Result<Next> chores();
    Result<void> keep_position(bool is_last);
    Result<void> check_own() const;
    void report(std::string_view state, const std::string& reason);
    void report_as_it_is();
    [[nodiscard]] std::string reason_to_wait() const;
    void say_ready();
    void pause(std::chrono::milliseconds time);
    [[nodiscard]] Error ended(const Error& failure);
    void end(const Error* failure);
    [[nodiscard]] Result<Next> failed(const Error& error);
    [[nodiscard]] Error fenced() const;

    Client& client_;
    const SinkOptions options_;
    const Selection selection_;
    std::stop_token stop_;
    std::function<void()> on_ready_;
    SinkCounters counters_;
    PositionRecord position_record_;
    ReportRecord report_record_;
    Outbox outbox_;
    ChangeMessage message_;

    SinkPosition position_;
    Revision position_written_ = 0;
    /// Number of acknowledged messages when the position was written. None forces a write.
    std::optional<std::uint64_t> acknowledged_written_ = 0;
    std::optional<Watch> watch_;
    std::optional<Gap> gap_;
    std::string trouble_;           ///< why nothing can be read or sent; empty if it can
    std::string position_trouble_;  ///< why the position cannot be written; empty if it can
    bool is_waiting_ = false;       ///< at the last check
    Clock::time_point position_due_{};
    Clock::time_point report_due_{};
    std::chrono::milliseconds back_off_{};
};

}  // namespace ringside::kafka
