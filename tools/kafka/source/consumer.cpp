#include "tools/kafka/source/consumer.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <cstring>

namespace ringside::kafka {

namespace {

using Clock = std::chrono::steady_clock;

std::atomic<bool> has_left = false;

PartitionListHandle list_of(std::span<const TopicPartition> partitions) {
    PartitionListHandle list(rd_kafka_topic_partition_list_new(int(partitions.size())));
    for (const TopicPartition& partition : partitions) {
        rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)
            ->offset = partition.offset;
    }
    return list;
}

std::vector<TopicPartition> partitions_of(const rd_kafka_topic_partition_list_t& list) {
    std::vector<TopicPartition> partitions;
    for (const auto& entry : std::span(list.elems, std::size_t(list.cnt))) {
        partitions.push_back({entry.topic, entry.partition, entry.offset, false});
    }
    return partitions;
}

std::optional<std::string_view> bytes_of(const void* data, std::size_t size) {
    if (data == nullptr) return std::nullopt;
    return std::string_view(static_cast<const char*>(data), size);
}

void read_headers(const rd_kafka_message_t& message, std::vector<Header>& headers) {
    headers.clear();
    rd_kafka_headers_t* list = nullptr;
    if (rd_kafka_message_headers(&message, &list) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    while (rd_kafka_header_get_all(list, headers.size(), &name, &value, &size) ==
           RD_KAFKA_RESP_ERR_NO_ERROR) {
        headers.push_back({name, bytes_of(value, size)});
    }
}

MessageView view_of_message(const void* kept, std::vector<Header>* headers) {
    const auto& message = *static_cast<const rd_kafka_message_t*>(kept);
    MessageView view;
    view.topic = rd_kafka_topic_name(message.rkt);
    view.partition = message.partition;
    view.offset = message.offset;
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    view.timestamp_ms = rd_kafka_message_timestamp(&message, &type);
    view.key = bytes_of(message.key, message.key_len);
    view.value = bytes_of(message.payload, message.len);
    if (headers != nullptr) {
        read_headers(message, *headers);
        view.headers = *headers;
    }
    return view;
}

constexpr KeptMessage::Origin from_kafka{
    view_of_message, [](void* message) noexcept {
        rd_kafka_message_destroy(static_cast<rd_kafka_message_t*>(message));
    }};

/// Logs a failure that needs no reaction.
void tell(rd_kafka_resp_err_t code, const char* doing) {
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        spdlog::warn("{}: {}", doing, KafkaError::of(code).text);
    }
}
void tell(const ErrorHandle& failed, const char* doing) {
    if (failed != nullptr) spdlog::warn("{}: {}", doing, KafkaError::of(*failed).text);
}

}  // namespace

Result<std::unique_ptr<Consumer>> Consumer::make(Properties properties, const std::string& group,
                                                 Handlers handlers) {
    properties.set("group.id", group);
    properties.set("enable.auto.commit", "false");
    properties.set("enable.auto.offset.store", "false");
    properties.set("auto.offset.reset", "error");
    properties.set("enable.partition.eof", "true");
    // If its queue is full, librdkafka 2.0.2 checks it again only after up to a second. So the only
    // limit is in bytes, and this is the number of messages read in that time.
    properties.set_default("queued.min.messages", "10000000");
    properties.set_default("queued.max.messages.kbytes", "131072");
    auto configuration = properties.configuration();
    if (!configuration) return configuration.error();
    std::unique_ptr<Consumer> made(new Consumer(std::move(handlers)));
    rd_kafka_conf_set_opaque(configuration->get(), made.get());
    rd_kafka_conf_set_rebalance_cb(configuration->get(), rebalance);
    rd_kafka_conf_set_error_cb(configuration->get(), [](rd_kafka_t*, int code, const char* said,
                                                        void* opaque) {
        static_cast<Consumer*>(opaque)->trouble_ = KafkaError::of(rd_kafka_resp_err_t(code), said);
    });
    std::array<char, 512> said{};
    made->client_.reset(
        rd_kafka_new(RD_KAFKA_CONSUMER, configuration->get(), said.data(), said.size()));
    if (made->client_ == nullptr) return Error(Errc::bad_configuration, said.data());
    static_cast<void>(configuration->release());  // now owned by the client
    rd_kafka_poll_set_consumer(made->client_.get());
    return made;
}

Result<void> Consumer::check(Properties properties, const std::string& group) {
    const auto made = make(std::move(properties), group, {});
    if (!made) return made.error();
    return {};
}

Result<std::unique_ptr<Consumer>> Consumer::create(Properties properties, const std::string& group,
                                                   const std::vector<std::string>& topics,
                                                   Handlers handlers) {
    auto made = make(std::move(properties), group, std::move(handlers));
    if (!made) return made;
    std::vector<TopicPartition> wanted;
    wanted.reserve(topics.size());
    for (const std::string& topic : topics)
        wanted.push_back({topic, RD_KAFKA_PARTITION_UA, 0, false});
    const auto code = rd_kafka_subscribe((*made)->client_.get(), list_of(wanted).get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return Error(Errc::bad_configuration, "topics: " + KafkaError::of(code).text);
    }
    return made;
}

Consumer::~Consumer() {
    if (client_ == nullptr || is_closed_) return;
    if (is_closing_) {
        has_left = true;
        static_cast<void>(client_.release());
        return;
    }
    // Otherwise destroying it waits for a group that may never answer.
    rd_kafka_destroy_flags(client_.release(), RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

bool Consumer::has_left_clients() noexcept { return has_left; }

bool Consumer::is_cooperative() const {
    const char* protocol = rd_kafka_rebalance_protocol(client_.get());
    return protocol != nullptr && std::strcmp(protocol, "COOPERATIVE") == 0;
}

void Consumer::rebalance(rd_kafka_t*, rd_kafka_resp_err_t kind,
                         rd_kafka_topic_partition_list_t* partitions, void* opaque) {
    Consumer& consumer = *static_cast<Consumer*>(opaque);
    if (kind == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) consumer.assign(*partitions);
    else consumer.revoke(*partitions);
}

void Consumer::assign(const rd_kafka_topic_partition_list_t& partitions) {
    auto assigned = partitions_of(partitions);
    handlers_.assign(assigned);
    const PartitionListHandle list = list_of(assigned);
    constexpr const char* doing = "cannot assign partitions";
    if (is_cooperative()) {
        tell(ErrorHandle(rd_kafka_incremental_assign(client_.get(), list.get())), doing);
    } else {
        tell(rd_kafka_assign(client_.get(), list.get()), doing);
    }
    std::erase_if(assigned, [](const TopicPartition& partition) { return !partition.is_paused; });
    if (!assigned.empty()) pause(assigned);
}

void Consumer::revoke(const rd_kafka_topic_partition_list_t& partitions) {
    const bool are_lost = rd_kafka_assignment_lost(client_.get()) != 0;
    const auto revoked = partitions_of(partitions);
    handlers_.revoke(revoked, are_lost);
    constexpr const char* doing = "cannot revoke partitions";
    if (is_cooperative()) {
        tell(ErrorHandle(rd_kafka_incremental_unassign(client_.get(), &partitions)), doing);
    } else {
        tell(rd_kafka_assign(client_.get(), nullptr), doing);
    }
}

Result<void> Consumer::restart(const TopicPartition& partition,
                               std::span<const TopicPartition> all) {
    if (!is_cooperative()) {
        const auto code = rd_kafka_assign(client_.get(), list_of(all).get());
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
        return KafkaError::of(code).error();
    }
    const PartitionListHandle list = list_of(std::span(&partition, 1));
    ErrorHandle failed(rd_kafka_incremental_unassign(client_.get(), list.get()));
    if (failed == nullptr) failed.reset(rd_kafka_incremental_assign(client_.get(), list.get()));
    if (failed == nullptr) return {};
    return KafkaError::of(*failed).error();
}

void Consumer::pause(std::span<const TopicPartition> partitions) {
    tell(rd_kafka_pause_partitions(client_.get(), list_of(partitions).get()),
         "cannot pause partitions");
}

void Consumer::resume(std::span<const TopicPartition> partitions) {
    tell(rd_kafka_resume_partitions(client_.get(), list_of(partitions).get()),
         "cannot resume partitions");
}

void Consumer::commit(std::span<const TopicPartition> partitions) {
    if (partitions.empty()) return;
    static_cast<void>(rd_kafka_commit(client_.get(), list_of(partitions).get(), 1));
}

std::optional<std::int64_t> Consumer::end_of(const std::string& topic,
                                             std::int32_t partition) const {
    std::int64_t low = RD_KAFKA_OFFSET_INVALID;
    std::int64_t high = RD_KAFKA_OFFSET_INVALID;
    const auto code =
        rd_kafka_get_watermark_offsets(client_.get(), topic.c_str(), partition, &low, &high);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0) return std::nullopt;
    return high;
}

KafkaResult<std::pair<std::int64_t, std::int64_t>> Consumer::bounds(
    const TopicPartition& partition, std::chrono::milliseconds timeout) {
    std::pair<std::int64_t, std::int64_t> bounds;
    const auto code = rd_kafka_query_watermark_offsets(client_.get(), partition.topic.c_str(),
                                                       partition.partition, &bounds.first,
                                                       &bounds.second, int(timeout.count()));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaError::of(code);
    return bounds;
}

KafkaResult<std::vector<TopicPartition>> Consumer::partitions(
    const std::function<bool(const std::string& topic)>& passes,
    std::chrono::milliseconds timeout) {
    const rd_kafka_metadata_t* got = nullptr;
    const auto code = rd_kafka_metadata(client_.get(), 1, nullptr, &got, int(timeout.count()));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaError::of(code);
    const MetadataHandle metadata(got);
    std::vector<TopicPartition> partitions;
    for (const auto& topic : std::span(metadata->topics, std::size_t(metadata->topic_cnt))) {
        if (!passes(topic.topic)) continue;
        if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaError::of(topic.err, topic.topic);
        for (const auto& partition :
             std::span(topic.partitions, std::size_t(topic.partition_cnt))) {
            if (partition.err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
                return KafkaError::of(partition.err, topic.topic);
            }
            partitions.push_back({topic.topic, partition.id, 0, false});
        }
    }
    return partitions;
}

bool Consumer::close(std::chrono::milliseconds timeout) {
    is_closing_ = true;
    const QueueHandle queue(rd_kafka_queue_new(client_.get()));
    const ErrorHandle failed(rd_kafka_consumer_close_queue(client_.get(), queue.get()));
    if (failed != nullptr) {
        tell(failed, "cannot leave the consumer group");
        return false;
    }
    const auto deadline = Clock::now() + timeout;
    while (rd_kafka_consumer_closed(client_.get()) == 0 && Clock::now() < deadline) {
        // Messages also arrive here, and are left for the next call.
        const EventHandle event(rd_kafka_queue_poll(queue.get(), 100));
        if (event == nullptr || rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_REBALANCE) {
            continue;
        }
        rebalance(client_.get(), rd_kafka_event_error(event.get()),
                  rd_kafka_event_topic_partition_list(event.get()), this);
    }
    is_closed_ = rd_kafka_consumer_closed(client_.get()) != 0;
    return is_closed_;
}

KeptMessage Consumer::keep(MessageHandle message) {
    const std::int64_t offset = message->offset;
    return {from_kafka, message.release(), offset};
}

}  // namespace ringside::kafka
