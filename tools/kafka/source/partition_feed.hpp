#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "tools/kafka/mapping/mapper.hpp"
#include "tools/kafka/source/kept_message.hpp"

namespace ringside::kafka {

/// One partition whose messages are applied. Belongs to the thread of its Applier.
struct PartitionFeed {
    std::string topic;
    std::int32_t partition = 0;
    std::string position_name;
    Mapper* mapper = nullptr;
    bool needs_headers = false;

    /// Whether the position has been read at all.
    bool is_located = false;
    /// The position in the grid, as far as it is known; none: there is no record.
    std::optional<std::int64_t> applied;
    /// The same as it will be when all that is under way has happened.
    std::optional<std::int64_t> base;
    /// The least offset that is taken yet; what is below has been taken before.
    std::int64_t next = 0;

    /// Something under way has failed: nothing new is applied before that is.
    bool is_disturbed = false;
    std::deque<KeptMessage> redo;  ///< what has to be applied again, then
    std::size_t redo_step = 1;     ///< messages of the next transaction of those
    /// Most messages of a transaction: fewer than is allowed after one had too many changes, and
    /// one more after each that has happened since.
    std::size_t batch_messages = 1;

    /// Where the partition ended when its end was met; 0: it was not yet.
    std::int64_t end = 0;
    bool has_met_end = false;

    bool is_closed = false;  ///< it belongs to another process now

    /// The next message comes from here, whatever has been read before.
    void begin_at(std::int64_t offset) noexcept {
        next = offset;
        end = 0;
        has_met_end = false;
    }
};

using FeedPointer = std::shared_ptr<PartitionFeed>;

}  // namespace ringside::kafka
