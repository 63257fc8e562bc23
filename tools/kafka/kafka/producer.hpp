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

/// A message on its way to a topic. What it refers to is copied by `Producer::send`.
struct OutgoingMessage {
    static constexpr std::int32_t partition_by_key = -1;

    std::int32_t partition = partition_by_key;
    std::optional<std::string_view> key;    ///< none: null
    std::optional<std::string_view> value;  ///< none: null, a tombstone
    std::span<const Header> headers;
    std::int64_t timestamp_ms = 0;  ///< Unix time; 0: now
    std::uint64_t tag = 0;          ///< comes back with the outcome
};

/// Writes to one topic, idempotently: each message once, those of one partition in their order,
/// however often it has to be tried. Its memory is bounded by `queue.buffering.max.kbytes` and
/// `queue.buffering.max.messages`.
///
/// Thread safety: one thread at a time. Starts threads of librdkafka's.
class Producer {
public:
    /// Is told the outcome of each message, from within `poll` and `flush`; null: Kafka has it.
    using OnOutcome = std::function<void(std::uint64_t tag, const KafkaError* failure)>;

    /// Does not wait for Kafka. Error: bad_configuration, for properties that do not go together.
    static Result<Producer> create(Properties properties, const std::string& topic,
                                   OnOutcome on_outcome);

    /// Whether that would make one. Errors: the same.
    static Result<void> check(Properties properties, const std::string& topic);

    Producer(Producer&&) noexcept;
    Producer& operator=(Producer&&) noexcept;
    /// Forgets what is under way, without telling its outcome.
    ~Producer();

    /// Takes a message on. None: it is under way, and its outcome will be told. Otherwise it is
    /// not: `is_queue_full` says whether it would be after some `poll`.
    std::optional<KafkaError> send(const OutgoingMessage& message);
    [[nodiscard]] static bool is_queue_full(const KafkaError& error) noexcept {
        return error.code == RD_KAFKA_RESP_ERR__QUEUE_FULL;
    }

    /// Tells outcomes that are there, or waits for one; how many there were.
    int poll(std::chrono::milliseconds timeout);

    /// Waits until every outcome has been told; false: not within the time.
    bool flush(std::chrono::milliseconds timeout);

    /// Messages whose outcome has not been told yet.
    [[nodiscard]] std::size_t pending() const noexcept;

    /// How many partitions the topic has. Waits for Kafka.
    [[nodiscard]] KafkaResult<std::int32_t> partitions(std::chrono::milliseconds timeout);

    /// What Kafka has said last that is not about one message, since it was asked last: that no
    /// broker answers, that this user is not known.
    [[nodiscard]] std::optional<KafkaError> take_trouble();

    /// Why this producer can never send anything again, if that is so.
    [[nodiscard]] std::optional<KafkaError> fatal_error() const;

    struct State;

private:
    explicit Producer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace ringside::kafka
