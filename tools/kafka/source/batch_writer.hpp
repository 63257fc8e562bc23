#pragma once

#include <vector>

#include "ringside/client.hpp"
#include "tools/kafka/source/partition_feed.hpp"
#include "tools/kafka/source/position.hpp"

namespace ringside::kafka {

/// Turns messages of one partition into one transaction, and keeps its memory for the next.
/// Thread safety: none.
class BatchWriter {
public:
    explicit BatchWriter(const Client& client) : client_(&client) {}

    /// Begins anew.
    void clear() noexcept { transaction_.clear(); }

    /// A message as the partition's rules need it; valid until the next call here.
    [[nodiscard]] MessageView view(const PartitionFeed& feed, const KeptMessage& message) {
        return message.view(feed.needs_headers ? &headers_ : nullptr);
    }
    /// The same with its headers.
    [[nodiscard]] MessageView whole(const KeptMessage& message) { return message.view(&headers_); }

    /// Adds the writes of a message; how many. Errors: those of `Mapper::map`, bad_ttl; nothing is
    /// added then. `without_missing`: no removal of a record that is not there.
    Result<std::size_t> add(PartitionFeed& feed, const MessageView& message,
                            bool without_missing = false);

    /// Adds the step of the position, which makes it whole.
    const Transaction& finish(const PartitionFeed& feed, std::optional<std::int64_t> from,
                              std::int64_t to, Grade grade);

private:
    const Client* client_;
    Transaction transaction_;
    PositionWriter position_;
    std::vector<Header> headers_;
};

}  // namespace ringside::kafka
