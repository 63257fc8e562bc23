#pragma once

#include <optional>
#include <vector>

#include "ringside/client.hpp"
#include "tools/kafka/source/consumer.hpp"
#include "tools/kafka/source/source_options.hpp"

namespace ringside::kafka {

/// Keeps the other topics back until those that are snapshots have been applied to their ends, as
/// these were when the gate was made: by whichever sources of the group. It looks at the positions
/// in the grid, so that it opens for all of the group alike; one beyond the end of its partition is
/// of a topic that is not there any more, and will be set back. Once open it stays so.
/// Thread safety: none.
class SnapshotGate {
public:
    /// Both outlive it.
    SnapshotGate(const Client& client, const SourceOptions& options)
        : client_(&client), options_(&options), is_open_(!options.has_snapshots()) {}

    [[nodiscard]] bool is_open() const noexcept { return is_open_; }

    /// Looks whether it can be opened. Asks Kafka for the ends, the first time, and for those that
    /// positions have passed. Error: Kafka's.
    KafkaResult<bool> try_open(Consumer& consumer);

private:
    KafkaResult<std::vector<TopicPartition>> ends(Consumer& consumer) const;
    KafkaResult<bool> is_loaded(Consumer& consumer, const TopicPartition& end) const;

    const Client* client_;
    const SourceOptions* options_;
    std::optional<std::vector<TopicPartition>> ends_;
    bool is_open_;
};

}  // namespace ringside::kafka
