#pragma once

#include "shm/base/errc.hpp"
#include "shm/segment/layout.hpp"

namespace ringside::shm {

struct SegmentShape;

/// Places the regions of a segment: sets the sizes and regions of `identity`.
/// Error: bad_configuration (memory or ring outside the limits).
Result<void> plan_regions(const SegmentShape& shape, Identity& identity);

/// Checks that the regions in a header lie in a segment of that size, in order.
/// Error: bad_segment.
Result<void> check_plan(const Identity& identity, std::uint64_t segment_bytes);

/// Returns the minimum memory of a grid of this plan: the fixed regions, and the first step of
/// slots and heap.
[[nodiscard]] std::uint64_t starting_bytes(const Identity& planned) noexcept;

}  // namespace ringside::shm
