#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tools/kafka/kafka/handles.hpp"
#include "tools/kafka/kafka/kafka_error.hpp"
#include "tools/kafka/kafka/properties.hpp"
#include "tools/kafka/source/kept_message.hpp"

namespace ringside::kafka {

struct TopicPartition {
    std::string topic;
    std::int32_t partition = 0;
    std::int64_t offset = 0;  ///< or `Consumer::beginning`, `Consumer::end`
    bool is_paused = false;   ///< if assigned: delivers no messages before it is resumed
};

/// A member of a consumer group, which never asks Kafka for its position.
///
/// Messages are delivered one by one: in librdkafka 2.0.2 the calls that return many may return
/// some from before a change of the position. Thread safety: one thread. Starts threads of
/// librdkafka.
class Consumer {
public:
    static constexpr std::int64_t beginning = RD_KAFKA_OFFSET_BEGINNING;
    static constexpr std::int64_t end = RD_KAFKA_OFFSET_END;

    /// Both are called from within `poll` and `close`.
    struct Handlers {
        /// Sets where each of these partitions begins, and whether it is paused.
        std::function<void(std::span<TopicPartition>)> assign;
        /// Another member gets the partitions when this returns; `are_lost`: it already has them.
        std::function<void(std::span<const TopicPartition>, bool are_lost)> revoke;
    };

    /// Joins the group at the first poll. Topics may be regular expressions, `^…`.
    /// Errors: bad_configuration for incompatible properties and invalid topics.
    static Result<std::unique_ptr<Consumer>> create(Properties properties, const std::string& group,
                                                    const std::vector<std::string>& topics,
                                                    Handlers handlers);
    /// Checks that the properties are compatible, without contacting the group.
    /// Error: bad_configuration.
    static Result<void> check(Properties properties, const std::string& group);
    Consumer(const Consumer&) = delete;
    Consumer& operator=(const Consumer&) = delete;
    /// Leaves without waiting for Kafka; see `close`. A client that `close` could not end in time
    /// is leaked: destroying it could wait for Kafka, possibly for long.
    ~Consumer();

    /// Returns whether a client was leaked, so that its threads still run. The process must then
    /// end without destroying what they may use (`std::_Exit`). Thread safety: any.
    [[nodiscard]] static bool has_left_clients() noexcept;

    /// Returns the next message, or an event, whose `err` is set. Null if nothing arrived.
    [[nodiscard]] MessageHandle poll(std::chrono::milliseconds timeout) {
        return MessageHandle(rd_kafka_consumer_poll(client_.get(), int(timeout.count())));
    }

    /// Makes an assigned partition continue at another offset. `all` are all assigned partitions,
    /// including that one, with their offsets; with some protocols all of them must start again.
    /// Error: system_error, with Kafka's text.
    Result<void> restart(const TopicPartition& partition, std::span<const TopicPartition> all);

    /// Pause and resume the messages of partitions.
    void pause(std::span<const TopicPartition> partitions);
    void resume(std::span<const TopicPartition> partitions);

    /// Commits offsets to Kafka, for tools that monitor its groups. Does not wait.
    void commit(std::span<const TopicPartition> partitions);

    /// Returns the end of an assigned partition at Kafka's last answer, or none if unknown.
    [[nodiscard]] std::optional<std::int64_t> end_of(const std::string& topic,
                                                     std::int32_t partition) const;
    /// Asks Kafka for the first and the next offset of any partition.
    [[nodiscard]] KafkaResult<std::pair<std::int64_t, std::int64_t>> bounds(
        const TopicPartition& partition, std::chrono::milliseconds timeout);
    /// Asks Kafka for the partitions of all topics whose names match. Error: also a fault of one of
    /// these topics, or a partition without a leader.
    [[nodiscard]] KafkaResult<std::vector<TopicPartition>> partitions(
        const std::function<bool(const std::string& topic)>& passes,
        std::chrono::milliseconds timeout);

    /// Returns the last error since the previous call that does not concern a partition.
    [[nodiscard]] std::optional<KafkaError> take_trouble() {
        return std::exchange(trouble_, std::nullopt);
    }

    /// Returns its partitions and leaves the group. Returns false on timeout.
    bool close(std::chrono::milliseconds timeout);

    /// Takes ownership of a message of Kafka.
    static KeptMessage keep(MessageHandle message);

private:
    explicit Consumer(Handlers handlers) : handlers_(std::move(handlers)) {}
    /// Creates a consumer without topics.
    static Result<std::unique_ptr<Consumer>> make(Properties properties, const std::string& group,
                                                  Handlers handlers);
    static void rebalance(rd_kafka_t* client, rd_kafka_resp_err_t kind,
                          rd_kafka_topic_partition_list_t* partitions, void* opaque);
    void assign(const rd_kafka_topic_partition_list_t& partitions);
    void revoke(const rd_kafka_topic_partition_list_t& partitions);
    [[nodiscard]] bool is_cooperative() const;

    Handlers handlers_;
    std::optional<KafkaError> trouble_;
    ClientHandle client_;
    bool is_closing_ = false;
    bool is_closed_ = false;
};

}  // namespace ringside::kafka
