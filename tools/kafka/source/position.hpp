#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ringside/client.hpp"
#include "shm/document/builder.hpp"

namespace ringside::kafka {

/// The record that holds how far a partition has been applied: `kafka/GROUP/TOPIC/PARTITION`.
[[nodiscard]] std::string position_name(std::string_view group, std::string_view topic,
                                        std::int32_t partition);

/// The offset of the next message to apply, as the grid has it now; none: there is no record.
/// Errors: those of `Client::get`; bad_document: the record holds something else.
[[nodiscard]] Result<std::optional<std::int64_t>> read_position(const Client& client,
                                                                const std::string& name);

/// Moves positions, as a part of the transactions that apply the messages in between.
/// Thread safety: none.
class PositionWriter {
public:
    /// Adds the step from one position to the next. The whole transaction is refused when the
    /// position is not where the step begins: with test_failed; with not_found, where the record
    /// is gone; with condition_failed, where there is none to be and there is one.
    void add(Transaction& transaction, const std::string& name, std::optional<std::int64_t> from,
             std::int64_t to, Grade grade);

private:
    DocumentBuilder builder_;
};

}  // namespace ringside::kafka
