#include "tools/kafka/source/snapshot_gate.hpp"

#include <algorithm>

#include "tools/kafka/source/position.hpp"

namespace ringside::kafka {

namespace {

constexpr std::chrono::milliseconds patience{1000};

}  // namespace

KafkaResult<std::vector<TopicPartition>> SnapshotGate::ends(Consumer& consumer) const {
    auto found = consumer.partitions(
        [this](const std::string& name) {
            const TopicOptions* topic = options_->topic(name);
            return topic != nullptr && topic->is_snapshot;
        },
        patience);
    if (!found) return found;
    for (const TopicOptions& topic : options_->topics) {
        if (!topic.is_snapshot || topic.is_expression()) continue;
        const bool is_there = std::any_of(
            found->begin(), found->end(),
            [&](const TopicPartition& partition) { return partition.topic == topic.name; });
        if (!is_there) return KafkaError::of(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, topic.name);
    }
    std::vector<TopicPartition> ends;
    for (TopicPartition& partition : *found) {
        const auto bounds = consumer.bounds(partition, patience);
        if (!bounds) return bounds.error();
        if (bounds->first >= bounds->second) continue;  // it is empty
        partition.offset = bounds->second;
        ends.push_back(std::move(partition));
    }
    return ends;
}

KafkaResult<bool> SnapshotGate::try_open(Consumer& consumer) {
    if (!ends_) {
        auto found = ends(consumer);
        if (!found) return found.error();
        ends_ = *std::move(found);
    }
    std::erase_if(*ends_, [this](const TopicPartition& end) {
        const auto position =
            read_position(*client_, position_name(options_->group, end.topic, end.partition));
        return position && position->value_or(0) >= end.offset;
    });
    is_open_ = ends_->empty();
    return is_open_;
}

}  // namespace ringside::kafka
