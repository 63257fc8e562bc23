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
    bool is_paused = false;   ///< where it is assigned: it gives no messages before it is resumed
};

/// A member of a consumer group, which never asks Kafka where to begin.
///
/// Messages come one by one: with librdkafka 2.0.2 the calls that give many at once may give some
/// from before a change of the position. Thread safety: one thread. Starts threads of librdkafka's.
class Consumer {
public:
    static constexpr std::int64_t beginning = RD_KAFKA_OFFSET_BEGINNING;
    static constexpr std::int64_t end = RD_KAFKA_OFFSET_END;

    /// Both are called from within `poll` and `close`.
    struct Handlers {
        /// Says where each of these partitions is to begin, and whether it is paused.
        std::function<void(std::span<TopicPartition>)> assign;
        /// They go to somebody else when this returns; `are_lost`: they have gone already.
        std::function<void(std::span<const TopicPartition>, bool are_lost)> revoke;
    };

    /// Joins the group when it is polled. Topics may be regular expressions, `^…`.
    /// Errors: bad_configuration, for properties that do not go together and topics.
    static Result<std::unique_ptr<Consumer>> create(Properties properties, const std::string& group,
                                                    const std::vector<std::string>& topics,
                                                    Handlers handlers);
    /// Whether the properties go together, without a word to the group.
    /// Error: bad_configuration.
    static Result<void> check(Properties properties, const std::string& group);
    Consumer(const Consumer&) = delete;
    Consumer& operator=(const Consumer&) = delete;
    /// Leaves without waiting for Kafka; see `close`. A client that `close` could not end in time
    /// is left to the end of the process: to destroy it may wait for Kafka, and for long.
    ~Consumer();

    /// Whether a client has been left so, with threads that run: the process has to end without
    /// tidying up what they may use (`std::_Exit`). Thread safety: any.
    [[nodiscard]] static bool has_left_clients() noexcept;

    /// The next message, or a thing that is no message: its `err` says which. Null: nothing came.
    [[nodiscard]] MessageHandle poll(std::chrono::milliseconds timeout) {
        return MessageHandle(rd_kafka_consumer_poll(client_.get(), int(timeout.count())));
    }

    /// Has an assigned partition go on at another offset. `all`: all that are assigned, that one
    /// as well, each with where it is; with some protocols all have to begin again.
    /// Error: system_error, with Kafka's words.
    Result<void> restart(const TopicPartition& partition, std::span<const TopicPartition> all);

    /// Stops and goes on to give messages of partitions.
    void pause(std::span<const TopicPartition> partitions);
    void resume(std::span<const TopicPartition> partitions);

    /// Tells Kafka how far partitions are, for those who watch its groups. Does not wait.
    void commit(std::span<const TopicPartition> partitions);

    /// Where an assigned partition ends, as of the last answer of Kafka; none: it is not known yet.
    [[nodiscard]] std::optional<std::int64_t> end_of(const std::string& topic,
                                                     std::int32_t partition) const;
    /// Asks Kafka for the least and the next offset of any partition.
    [[nodiscard]] KafkaResult<std::pair<std::int64_t, std::int64_t>> bounds(
        const TopicPartition& partition, std::chrono::milliseconds timeout);
    /// Asks Kafka for the partitions of all topics whose names pass. Error: also what is the matter
    /// with one of these, or that a partition of them has no leader.
    [[nodiscard]] KafkaResult<std::vector<TopicPartition>> partitions(
        const std::function<bool(const std::string& topic)>& passes,
        std::chrono::milliseconds timeout);

    /// What Kafka has said last that is about no partition, since it was asked last.
    [[nodiscard]] std::optional<KafkaError> take_trouble() {
        return std::exchange(trouble_, std::nullopt);
    }

    /// Gives its partitions back and leaves the group; false: not within the time.
    bool close(std::chrono::milliseconds timeout);

    /// What keeps a message of Kafka's.
    static KeptMessage keep(MessageHandle message);

private:
    explicit Consumer(Handlers handlers) : handlers_(std::move(handlers)) {}
    /// Of no topic yet.
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
