#pragma once

#include <optional>
#include <vector>

#include "ringside/client.hpp"
#include "tools/kafka/source/consumer.hpp"
#include "tools/kafka/source/source_options.hpp"

namespace ringside::kafka {

/// Holds the other topics until the snapshot topics were applied up to their ends at the creation
/// of the gate, by any source of the group. It checks the positions in the grid, so it opens for
/// the whole group alike. A position beyond the end of its partition belongs to a topic that was
/// replaced, and will be reset. Once open, it remains open.
/// Thread safety: none.
class SnapshotGate {
public:
    /// Both must outlive it.
    SnapshotGate(const Client& client, const SourceOptions& options)
        : client_(&client), options_(&options), is_open_(!options.has_snapshots()) {}

    [[nodiscard]] bool is_open() const noexcept { return is_open_; }

    /// Checks whether the gate can open. Asks Kafka for the ends at the first call, and for ends
    /// that positions have passed. Error: Kafka's.
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
