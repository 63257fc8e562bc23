#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ringside/client.hpp"
#include "shm/document/builder.hpp"

namespace ringside::kafka {

/// The record that stores how far a partition was applied: `kafka/GROUP/TOPIC/PARTITION`.
[[nodiscard]] std::string position_name(std::string_view group, std::string_view topic,
                                        std::int32_t partition);

/// Reads the offset of the next message to apply from the grid. Returns none if there is no record.
/// Errors: those of `Client::get`; bad_document if the record holds anything else.
[[nodiscard]] Result<std::optional<std::int64_t>> read_position(const Client& client,
                                                                const std::string& name);

/// Moves positions, as part of the transactions that apply the messages in between.
/// Thread safety: none.
class PositionWriter {
public:
    /// Adds the step from one position to the next. The whole transaction is refused if the
    /// position is not where the step begins: with test_failed; with not_found if the record is
    /// gone; with condition_failed if there must be no record and there is one.
    void add(Transaction& transaction, const std::string& name, std::optional<std::int64_t> from,
             std::int64_t to, Grade grade);

private:
    DocumentBuilder builder_;
};

}  // namespace ringside::kafka
