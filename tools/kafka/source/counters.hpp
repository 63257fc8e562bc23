#pragma once

#include <cstdint>

namespace ringside::kafka {

/// Counters of a source since its start.
struct Counters {
    std::uint64_t messages = 0;      ///< applied, filtered out or refused
    std::uint64_t commits = 0;       ///< transactions
    std::uint64_t writes = 0;        ///< of records, excluding positions
    std::uint64_t filtered = 0;      ///< messages that no rule applied to
    std::uint64_t dead_letters = 0;  ///< messages that were refused
    std::uint64_t duplicates = 0;    ///< messages below the position, dropped
    std::uint64_t retries = 0;       ///< attempts after the grid has refused a transaction
    std::uint64_t resets = 0;        ///< positions that were no longer in their partition
};

}  // namespace ringside::kafka
