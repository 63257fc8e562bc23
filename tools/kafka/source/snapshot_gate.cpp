#include "tools/kafka/source/snapshot_gate.hpp"

#include <algorithm>

#include "tools/kafka/source/position.hpp"

namespace ringside::kafka {

namespace {

constexpr std::chrono::milliseconds bounds_patience{1000};

}  // namespace

KafkaResult<std::vector<TopicPartition>> SnapshotGate::ends(Consumer& consumer) const {
    auto found = consumer.partitions(
        [this](const std::string& name) {
            const TopicOptions* topic = options_->topic(name);
            return topic != nullptr && topic->is_snapshot;
        },
        bounds_patience);
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
        const auto bounds = consumer.bounds(partition, bounds_patience);
        if (!bounds) return bounds.error();
        if (bounds->first >= bounds->second) continue;  // it is empty
        partition.offset = bounds->second;
        ends.push_back(std::move(partition));
    }
    return ends;
}

KafkaResult<bool> SnapshotGate::is_loaded(Consumer& consumer, const TopicPartition& end) const {
    const auto position =
        read_position(*client_, position_name(options_->group, end.topic, end.partition));
    if (!position || !*position || (*position)->offset < end.offset) return false;
    const std::int64_t offset = (*position)->offset;
    if (offset == end.offset) return true;
    const auto bounds = consumer.bounds(end, bounds_patience);
    if (!bounds) return bounds.error();
    return offset <= bounds->second;
}

KafkaResult<bool> SnapshotGate::try_open(Consumer& consumer) {
    if (!ends_) {
        auto found = ends(consumer);
        if (!found) return found.error();
        ends_ = *std::move(found);
    }
    while (!ends_->empty()) {
        const auto loaded = is_loaded(consumer, ends_->back());
        if (!loaded) return loaded.error();
        if (!*loaded) return false;
        ends_->pop_back();
    }
    is_open_ = true;
    return true;
}

}  // namespace ringside::kafka
