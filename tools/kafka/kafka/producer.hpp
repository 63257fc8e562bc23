#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"
#include "tools/kafka/kafka/kafka_error.hpp"
#include "tools/kafka/kafka/properties.hpp"
#include "tools/kafka/message.hpp"

namespace ringside::kafka {

/// A message for a topic. `Producer::send` copies everything that it refers to.
struct OutgoingMessage {
    static constexpr std::int32_t partition_by_key = -1;

    std::int32_t partition = partition_by_key;
    std::optional<std::string_view> key;    ///< none for null
    std::optional<std::string_view> value;  ///< none for null, a tombstone
    std::span<const Header> headers;
    std::int64_t timestamp_ms = 0;  ///< Unix time; 0 for the current time
    std::uint64_t tag = 0;          ///< returned with the outcome
};

/// Writes to one topic idempotently: each message once, and those of one partition in order,
/// however often a write is repeated. Memory is bounded by `queue.buffering.max.kbytes` and
/// `queue.buffering.max.messages`.
///
/// Thread safety: one thread at a time. Starts threads of librdkafka.
class Producer {
public:
    /// Receives the outcome of each message, from within `poll` and `flush`. `failure` is null if
    /// Kafka has the message.
    using OnOutcome = std::function<void(std::uint64_t tag, const KafkaError* failure)>;

    /// Does not wait for Kafka. Error: bad_configuration for incompatible properties.
    static Result<Producer> create(Properties properties, const std::string& topic,
                                   OnOutcome on_outcome);

    /// Checks whether `create` would succeed. Errors: the same.
    static Result<void> check(Properties properties, const std::string& topic);

    Producer(Producer&&) noexcept;
    Producer& operator=(Producer&&) noexcept;
    /// Discards messages under way without reporting their outcomes.
    ~Producer();

    /// Sends a message. Returns none if it is under way and its outcome will be reported. Otherwise
    /// `is_queue_full` shows whether another attempt after `poll` could succeed.
    std::optional<KafkaError> send(const OutgoingMessage& message);
    [[nodiscard]] static bool is_queue_full(const KafkaError& error) noexcept {
        return error.code == RD_KAFKA_RESP_ERR__QUEUE_FULL;
    }

    /// Reports available outcomes, or waits for one. Returns their number.
    int poll(std::chrono::milliseconds timeout);

    /// Waits until every outcome has been reported. Returns false on timeout.
    bool flush(std::chrono::milliseconds timeout);

    /// Messages whose outcome has not been reported yet.
    [[nodiscard]] std::size_t pending() const noexcept;

    /// Returns the number of partitions of the topic. Waits for Kafka.
    [[nodiscard]] KafkaResult<std::int32_t> partitions(std::chrono::milliseconds timeout);

    /// Returns the last error since the previous call that does not concern a single message, for
    /// example that no broker answers, or that the user is unknown.
    [[nodiscard]] std::optional<KafkaError> take_trouble();

    /// Returns why this producer can never send again, if that is so.
    [[nodiscard]] std::optional<KafkaError> fatal_error() const;

    struct State;

private:
    explicit Producer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace ringside::kafka
