#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "tools/kafka/mapping/mapper.hpp"
#include "tools/kafka/source/kept_message.hpp"
#include "tools/kafka/source/position.hpp"

namespace ringside::kafka {

/// One partition whose messages are applied. Belongs to the thread of its Applier.
struct PartitionFeed {
    std::string topic;
    std::int32_t partition = 0;
    std::string position_name;
    Mapper* mapper = nullptr;
    bool needs_headers = false;

    /// Whether the position has been read.
    bool is_located = false;
    /// The last known position in the grid; none if there is no record.
    std::optional<SourcePosition> applied;
    /// The position after everything under way is applied.
    std::optional<SourcePosition> base;
    /// The run of all messages taken: that of the position where reading began. If there was no
    /// record, or one without a run, it was drawn, and the next step writes it.
    Run run{};
    /// The lowest offset that is accepted; lower ones have been taken before.
    std::int64_t next = 0;

    /// A transaction has failed: new messages wait until the failure is resolved.
    bool is_disturbed = false;
    std::deque<KeptMessage> redo;  ///< messages to be applied again then
    std::size_t redo_step = 1;     ///< messages in their next transaction
    /// Maximum number of messages per transaction. It is lowered after a transaction with too many
    /// changes, and raised by one after each success.
    std::size_t batch_messages = 1;

    /// The end of the partition when it was reached; 0 if it was not reached yet.
    std::int64_t end = 0;
    bool has_met_end = false;

    bool is_closed = false;  ///< it belongs to another process now

    /// Continues at a position of the grid, whatever was read before.
    void begin_at(const std::optional<SourcePosition>& position) {
        applied = base = position;
        run = position && position->run ? *position->run : draw_run();
        next = position ? position->offset : 0;
        end = 0;
        has_met_end = false;
    }
    /// Returns the position with this offset that a step writes.
    [[nodiscard]] SourcePosition position_at(std::int64_t offset) const noexcept {
        return {offset, run};
    }
    /// Returns whether a position of the grid was reached by steps from the known one, here or in
    /// another process: the messages from it on are the ones that were taken.
    [[nodiscard]] bool has_advanced_to(
        const std::optional<SourcePosition>& position) const noexcept {
        return position && position->run == run &&
               (!applied || position->offset >= applied->offset);
    }
};

using FeedPointer = std::shared_ptr<PartitionFeed>;

}  // namespace ringside::kafka
