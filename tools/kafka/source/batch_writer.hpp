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

/// What a message counts as in `batch_bytes`.
[[nodiscard]] inline std::size_t bytes_of(const MessageView& message) noexcept {
    return message.key.value_or("").size() + message.value.value_or("").size();
}

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
    /// added then. `missing`, where it is given: no removal that may be left out of a record that
    /// is one of those, or is not there as the grid is now and after what the message does before.
    Result<std::size_t> add(PartitionFeed& feed, const MessageView& message,
                            const MissingNames* missing = nullptr);

    /// Whether all that a message does with a record begins with a removal that may be left out.
    [[nodiscard]] static bool can_miss(PartitionFeed& feed, const MessageView& message,
                                       std::string_view name);

    /// Adds the step of the position, which makes it whole.
    const Transaction& finish(const PartitionFeed& feed, std::optional<std::int64_t> from,
                              std::int64_t to, Grade grade);

private:
    [[nodiscard]] bool is_there(std::span<const MappedWrite> before, std::string_view name,
                                const MissingNames& missing) const;

    const Client* client_;
    Transaction transaction_;
    PositionWriter position_;
    std::vector<Header> headers_;
};

}  // namespace ringside::kafka
