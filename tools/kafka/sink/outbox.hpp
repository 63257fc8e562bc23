#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "broker/daemon/folded_log.hpp"
#include "tools/kafka/kafka/producer.hpp"
#include "tools/kafka/sink/acknowledgements.hpp"
#include "tools/kafka/sink/options.hpp"
#include "tools/kafka/under_way.hpp"

namespace ringside::kafka {

/// Counters of a sink since its start.
struct SinkCounters {
    std::uint64_t messages = 0;   ///< passed to librdkafka
    std::uint64_t bytes = 0;      ///< keys and values of those
    std::uint64_t retries = 0;    ///< returns to its position, to send again from there
    std::uint64_t too_large = 0;  ///< omitted messages
    std::uint64_t lagged = 0;     ///< times that changes were missed and the state was sent
};

/// The messages of a sink that are under way, and their outcomes.
///
/// Kafka reports a fault of one message for its whole batch. So after the first message that Kafka
/// finds too large, all messages under way are sent again, each in its own batch.
///
/// Thread safety: one thread at a time.
class Outbox {
public:
    /// Whether a message is a change, or part of the state at its revision.
    enum class Part : std::uint8_t { change, state };

    Outbox(const SinkOptions& options, SinkCounters& counters);
    ~Outbox() { log_.finish(); }
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;

    /// Starts with nothing under way, and forgets earlier messages. Error: bad_configuration.
    Result<void> open();
    void close();
    /// Starts again for another grid, whose revisions are unrelated: also forgets what Kafka has,
    /// and what it found too large.
    Result<void> open_for_another_grid();

    /// Sends a message. Returns false if there is no room now. An oversized message that may be
    /// omitted counts as sent. REQUIRES: open.
    /// Errors: document_too_large if such a message ends the sink; system_error.
    Result<bool> add(OutgoingMessage message, Revision revision, Part part);

    /// Processes Kafka's answers; waits for the first one up to `timeout`.
    void poll(std::chrono::milliseconds timeout);
    /// Waits until nothing is under way, or a message has failed. Returns false on timeout.
    bool flush(std::chrono::milliseconds timeout);

    /// Returns whether everything after the sink's position must be sent again, after `open`.
    /// Error: sending again would not help.
    Result<bool> must_go_back(Revision position);

    [[nodiscard]] Revision complete(Revision read_up_to) const noexcept {
        return acknowledgements_.complete(read_up_to);
    }
    [[nodiscard]] bool is_empty() const noexcept { return acknowledgements_.empty(); }
    /// Messages that Kafka has acknowledged.
    [[nodiscard]] std::uint64_t acknowledged() const noexcept { return acknowledged_; }
    [[nodiscard]] std::size_t pending() const noexcept {
        return producer_ ? producer_->pending() : 0;
    }
    /// Returns why Kafka does not take messages or cannot be reached. Empty if it does, or if no
    /// messages are waiting.
    [[nodiscard]] std::string trouble() const {
        if (!unreachable_.empty()) return unreachable_;
        return is_empty() && !has_failed_ ? std::string() : trouble_;
    }
    /// Checks whether Kafka can be reached when no outcome shows it: after a connection error, and
    /// if there was no answer in the first seconds. Called about once a second; waits for at most
    /// `patience`.
    void probe(std::chrono::milliseconds patience);

    [[nodiscard]] KafkaResult<std::int32_t> partitions(std::chrono::milliseconds timeout) {
        return producer_->partitions(timeout);
    }

private:
    void hear_kafka() noexcept;
    void take_outcome(std::uint64_t tag, const KafkaError* failure);
    void go_back(const std::string& why);
    void take_too_large(std::uint64_t tag, const KafkaError& failure);
    /// Counts a message that is skipped because it is too large for Kafka.
    void leave_out(const std::string& text);
    [[nodiscard]] Error too_large(const std::string& text) const;

    const SinkOptions& options_;
    SinkCounters& counters_;
    daemon::FoldedLog log_{daemon::FoldedLog::to_log()};
    std::optional<Producer> producer_;
    Acknowledgements acknowledgements_;
    std::uint64_t acknowledged_ = 0;
    std::string trouble_;
    std::string unreachable_;    ///< why Kafka cannot be reached; empty if no error was seen
    bool doubts_kafka_ = false;  ///< a connection error occurred, and no answer has arrived since
    bool has_heard_kafka_ = false;
    std::chrono::steady_clock::time_point opened_at_{};
    UnderWay under_way_;
    std::optional<Error> final_;  ///< a permanent failure
    bool has_failed_ = false;     ///< and Kafka has acknowledged nothing since
    bool is_going_back_ = false;  ///< a message has failed
    bool sends_singly_ = false;   ///< each message is a separate batch,
    Revision singly_up_to_ = 0;   ///< up to this revision
    Revision newest_ = 0;         ///< of the messages that were sent
};

}  // namespace ringside::kafka
