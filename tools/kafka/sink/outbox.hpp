#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "tools/kafka/kafka/producer.hpp"
#include "tools/kafka/sink/acknowledgements.hpp"
#include "tools/kafka/sink/options.hpp"
#include "tools/kafka/under_way.hpp"

namespace ringside::kafka {

/// What a sink has done since it was started.
struct SinkCounters {
    std::uint64_t messages = 0;   ///< handed to librdkafka
    std::uint64_t bytes = 0;      ///< keys and values of those
    std::uint64_t retries = 0;    ///< went back to its position, to send again from there
    std::uint64_t too_large = 0;  ///< messages left out
    std::uint64_t lagged = 0;     ///< changes were missed, the state was sent
};

/// The messages of a sink that are under way, and what Kafka has said of them.
///
/// What is wrong with one message of a batch is said of the whole batch. So after the first message
/// that Kafka finds too large, what was under way goes once more, each message for itself.
///
/// Thread safety: one thread at a time.
class Outbox {
public:
    /// Whether a message is a change, or part of the state at its revision.
    enum class Part : std::uint8_t { change, state };

    Outbox(const SinkOptions& options, SinkCounters& counters);

    /// Begins with nothing under way; what was before is forgotten. Error: bad_configuration.
    Result<void> open();
    void close();
    /// The same, where revisions are those of another grid from here on: what Kafka has, and what
    /// it found too large, no longer says anything.
    Result<void> open_for_another_grid();

    /// Takes a message on; false: there is no room now. One that is too large, and may be left out,
    /// counts as taken. REQUIRES: open.
    /// Errors: document_too_large, where such a message ends the sink; system_error.
    Result<bool> add(OutgoingMessage message, Revision revision, Part part);

    /// Hears from Kafka; waits so long for the first that there is to hear.
    void poll(std::chrono::milliseconds timeout);
    /// Waits until nothing is under way, or until something failed; false: not within the time.
    bool flush(std::chrono::milliseconds timeout);

    /// Whether what is beyond the sink's position has to be sent again, after `open`.
    /// Error: that would be of no use.
    Result<bool> must_go_back(Revision position);

    [[nodiscard]] Revision complete(Revision read_up_to) const noexcept {
        return acknowledgements_.complete(read_up_to);
    }
    [[nodiscard]] bool is_empty() const noexcept { return acknowledgements_.empty(); }
    /// Messages that Kafka has.
    [[nodiscard]] std::uint64_t acknowledged() const noexcept { return acknowledged_; }
    [[nodiscard]] std::size_t pending() const noexcept {
        return producer_ ? producer_->pending() : 0;
    }
    /// Why Kafka does not take what is to be sent, or cannot be reached; empty: it does, or nothing
    /// is to be sent.
    [[nodiscard]] std::string trouble() const {
        if (!unreachable_.empty()) return unreachable_;
        return is_empty() && !has_failed_ ? std::string() : trouble_;
    }
    /// Finds out whether Kafka can be reached where no outcome says so: after an error of the
    /// connection, and where nothing was heard in the first seconds. Called about once a second;
    /// waits for an answer for at most `patience`.
    void probe(std::chrono::milliseconds patience);

    [[nodiscard]] KafkaResult<std::int32_t> partitions(std::chrono::milliseconds timeout) {
        return producer_->partitions(timeout);
    }

private:
    void hear_kafka() noexcept;
    void take_outcome(std::uint64_t tag, const KafkaError* failure);
    void go_back(const std::string& why);
    void take_too_large(std::uint64_t tag, const KafkaError& failure);
    [[nodiscard]] Error too_large(const std::string& text) const;

    const SinkOptions& options_;
    SinkCounters& counters_;
    std::optional<Producer> producer_;
    Acknowledgements acknowledgements_;
    std::uint64_t acknowledged_ = 0;
    std::string trouble_;
    std::string unreachable_;    ///< why Kafka cannot be reached; empty: it can, or is not doubted
    bool doubts_kafka_ = false;  ///< the connection had an error, and nothing was heard since
    bool has_heard_kafka_ = false;
    std::chrono::steady_clock::time_point opened_at_{};
    UnderWay under_way_;
    std::optional<Error> final_;  ///< what cannot be made good
    bool has_failed_ = false;     ///< and Kafka has acknowledged nothing since
    bool is_going_back_ = false;  ///< a message has failed
    bool sends_singly_ = false;   ///< each message is a batch of its own,
    Revision singly_up_to_ = 0;   ///< up to this revision
    Revision newest_ = 0;         ///< of the messages that were taken on
};

}  // namespace ringside::kafka
