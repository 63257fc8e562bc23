#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "tools/kafka/backoff.hpp"
#include "tools/kafka/source/applier.hpp"
#include "tools/kafka/source/consumer.hpp"
#include "tools/kafka/source/snapshot_gate.hpp"
#include "tools/kafka/source/source_options.hpp"
#include "tools/kafka/source/state_record.hpp"
#include "tools/kafka/under_way.hpp"

namespace ringside::kafka {

/// Converts the messages of topics to commits, until a stop is requested.
///
/// One thread takes messages from librdkafka's queue, maps them and sends them to the grid, whose
/// answers arrive while it continues. It never waits for a batch to become full: available messages
/// are sent, and then it waits for more.
/// Memory: what is under way (`ApplierOptions`) and librdkafka's queue
/// (`queued.max.messages.kbytes`).
class Source {
public:
    /// `on_ready` is called when it has attached and subscribed. Returns after a stop.
    /// Errors: why it cannot continue; bad_configuration if an operator must act.
    static Result<void> run(const std::string& grid, const SourceOptions& options,
                            const std::stop_token& stop, const std::function<void()>& on_ready);

    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;

private:
    using Clock = std::chrono::steady_clock;

    /// A partition that is assigned to this source.
    struct Assigned {
        FeedPointer feed;
        const TopicOptions* topic;
        bool is_paused = false;
        /// Since when Kafka reports that its offset is out of range; librdkafka requests nothing
        /// from it meanwhile.
        std::optional<Clock::time_point> out_of_range_since{};
    };
    using Key = std::pair<std::string, std::int32_t>;

    Source(Client& client, const SourceOptions& options, std::stop_token stop);
    Result<void> start();
    Result<void> follow();
    void end();

    void take_messages();
    void take(MessageHandle message);
    void take_error(const rd_kafka_message_t& message);
    [[nodiscard]] Assigned* find(const rd_kafka_message_t& message);
    [[nodiscard]] std::chrono::milliseconds patience() const;

    void assign(std::span<TopicPartition> partitions);
    void revoke(std::span<const TopicPartition> partitions, bool are_lost);
    Result<void> reposition(const PartitionFeed& feed);
    Result<void> restart(const Key& key, std::int64_t offset);
    void settle_ranges();
    Result<void> settle_range(Assigned& assigned);
    [[nodiscard]] std::int64_t begin_of(const Assigned& assigned) const noexcept;

    void recover();
    void hold(const Error& why);
    void wait_for_grid(const Result<void>& answered);
    void open_gate();
    [[nodiscard]] bool is_to_pause(const Assigned& assigned) const noexcept;
    void set_pauses();
    void note_trouble(const KafkaError& trouble);
    [[nodiscard]] bool is_kafka_away() const noexcept;
    void hear_kafka();
    void forget_trouble();
    void probe_kafka();
    [[nodiscard]] std::optional<KafkaError> trouble_of_topics();

    void tick();
    void tell_kafka();
    [[nodiscard]] std::pair<SourceState, std::string> state() const;
    void write_state(std::optional<SourceState> given = {});

    Client* client_;
    const SourceOptions* options_;
    std::stop_token stop_;
    Counters counters_;
    std::map<const TopicOptions*, Mapper> mappers_;
    std::unique_ptr<Refusals> refusals_;
    std::unique_ptr<Consumer> consumer_;
    std::optional<Applier> applier_;  ///< destroyed before the consumer, whose messages it keeps
    SnapshotGate gate_;
    std::map<Key, Assigned> assigned_;
    bool was_assigned_ = false;
    const rd_kafka_topic_t* last_topic_ = nullptr;  ///< of the previous message
    Assigned* last_ = nullptr;                      ///< its partition

    std::optional<Error> held_;
    Backoff backoff_;
    Clock::time_point gate_due_{};
    std::optional<rd_kafka_resp_err_t> gate_trouble_;  ///< of its last attempt
    bool has_out_of_range_ = false;
    Clock::time_point ranges_due_{};
    std::optional<KafkaError> trouble_;
    Clock::time_point trouble_at_{};  ///< when it was logged last
    bool doubts_kafka_ = false;       ///< a broker is gone, and none has answered since
    bool has_heard_kafka_ = false;
    const Clock::time_point started_at_ = Clock::now();
    std::optional<Error> fatal_;

    UnderWay under_way_;
    const std::string state_name_;
    SourceReport report_;
    Clock::time_point told_at_{};
    Clock::time_point told_kafka_at_{};
    std::map<Key, std::int64_t> told_kafka_;
};

}  // namespace ringside::kafka
