#pragma once

#include <cstdint>

namespace ringside::kafka {

/// What a source has done since it was started.
struct Counters {
    std::uint64_t messages = 0;      ///< applied, filtered out or refused
    std::uint64_t commits = 0;       ///< transactions
    std::uint64_t writes = 0;        ///< of records, without positions
    std::uint64_t filtered = 0;      ///< messages that no rule was for
    std::uint64_t dead_letters = 0;  ///< messages that were refused
    std::uint64_t duplicates = 0;    ///< messages from below the position, dropped
    std::uint64_t retries = 0;       ///< attempts after the grid had refused a transaction
    std::uint64_t resets = 0;        ///< positions that were not in their partition any more
};

}  // namespace ringside::kafka
