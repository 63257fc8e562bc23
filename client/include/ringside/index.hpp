#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shm/base/types.hpp"

namespace ringside {

/// A secondary index of a grid.
struct IndexInfo {
    enum class State : std::uint8_t {
        building,   ///< not used by queries yet
        ready,      ///< usable by snapshots at `ready_from` and later
        suspended,  ///< out of memory; the grid rebuilds it when there is enough
    };

    std::string pattern;
    /// JSON Pointer of the indexed value.
    std::string pointer;
    State state = State::building;
    /// First revision at which the index can answer, if it is `ready`.
    Revision ready_from = 0;
    std::uint64_t values = 0;  ///< distinct values
    /// Postings in the index, including those that only readers of older revisions need.
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;  ///< of the grid's memory
};

std::string_view name(IndexInfo::State state) noexcept;  ///< "building", …, as in the CLI's output

}  // namespace ringside
