#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ringside/client.hpp"
#include "tools/kafka/source/partition_feed.hpp"
#include "tools/kafka/source/position.hpp"

namespace ringside::kafka {

/// Records that were found to be missing.
using MissingNames = std::set<std::string, std::less<>>;

/// The size of a message for `batch_bytes`.
[[nodiscard]] inline std::size_t bytes_of(const MessageView& message) noexcept {
    return message.key.value_or("").size() + message.value.value_or("").size();
}

/// Converts messages of one partition to one transaction, and reuses its memory.
/// Thread safety: none.
class BatchWriter {
public:
    explicit BatchWriter(const Client& client) : client_(&client) {}

    /// Starts an empty transaction.
    void clear() noexcept { transaction_.clear(); }

    /// Returns a message with what the partition's rules need; valid until the next call here.
    [[nodiscard]] MessageView view(const PartitionFeed& feed, const KeptMessage& message) {
        return message.view(feed.needs_headers ? &headers_ : nullptr);
    }
    /// Returns a message with its headers.
    [[nodiscard]] MessageView whole(const KeptMessage& message) { return message.view(&headers_); }

    /// Adds the writes of a message, and returns their number. Errors: those of `Mapper::map`,
    /// bad_ttl; nothing is added then. If `missing` is given, leaves out optional removals of
    /// records that are in it, or that do not exist in the grid after the preceding writes of the
    /// message.
    Result<std::size_t> add(PartitionFeed& feed, const MessageView& message,
                            const MissingNames* missing = nullptr);

    /// Returns whether everything that a message does with a record begins with an optional
    /// removal.
    [[nodiscard]] static bool can_miss(PartitionFeed& feed, const MessageView& message,
                                       std::string_view name);

    /// Adds the step of the position, which completes the transaction.
    const Transaction& finish(const PartitionFeed& feed, const std::optional<SourcePosition>& from,
                              const SourcePosition& to, Grade grade);

private:
    [[nodiscard]] bool is_there(std::span<const MappedWrite> before, std::string_view name,
                                const MissingNames& missing) const;

    const Client* client_;
    Transaction transaction_;
    PositionWriter position_;
    std::vector<Header> headers_;
};

}  // namespace ringside::kafka
