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

/// Tells Kafka of a grid's changes, from the position on that the grid keeps for it.
///
///   1  the position record is made this sink's own, as soon as the grid is there
///   2  a watch begins with the revision after the position; where the grid does not retain that
///      any more, or was begun anew, "lagged" is told, the whole state as of one revision,
///      "resumed", and the watch begins after that revision
///   3  each change is handed to librdkafka, which sends it until Kafka has it
///   4  the position follows, five times a second, to the last revision of which Kafka has all
///
/// Invariant: Kafka has all changes up to the position, or has been told since that some were
/// missed. So a sink that ends anywhere loses nothing, and tells again what was after the position.
/// While Kafka takes nothing, the watch is not read: the grid does not notice.
///
/// Thread safety: `run` is for one thread; several sinks may share a Client.
class Sink {
public:
    /// `member`: a name that no other process or sink has had. The client outlives the sink.
    Sink(Client& client, SinkOptions options, const std::string& member);

    /// Makes the producer, which changes nothing. Error: bad_configuration, for properties that do
    /// not go together.
    Result<void> open() { return outbox_.open(); }

    /// Waits for the grid, then runs until it is asked to stop; then Kafka has all that was handed
    /// over, or `SinkOptions::stop_timeout` is over. `on_ready` is called once: changes from then
    /// on are told one by one, where none are missed. REQUIRES: open.
    ///
    /// Errors: condition_failed, where another sink of this name has taken over; what cannot be
    /// made good by trying again.
    Result<void> run(std::stop_token stop, std::function<void()> on_ready);

    static constexpr auto position_interval = std::chrono::milliseconds(200);

private:
    using Clock = std::chrono::steady_clock;

    /// How it goes on after a step.
    enum class Next : std::uint8_t { go_on, go_back, stop };

    /// Why the state is to be sent.
    struct Gap {
        bool is_missed = true;  ///< changes may have been missed: "lagged" is told
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
    /// When the position was written; none: it is to be written whatever was told.
    std::optional<std::uint64_t> acknowledged_written_ = 0;
    std::optional<Watch> watch_;
    std::optional<Gap> gap_;
    std::string trouble_;           ///< why nothing can be read or told; empty: it can
    std::string position_trouble_;  ///< why the position cannot be written; empty: it can
    bool is_waiting_ = false;       ///< was so when that was last looked at
    Clock::time_point position_due_{};
    Clock::time_point report_due_{};
    std::chrono::milliseconds back_off_{};
};

}  // namespace ringside::kafka
