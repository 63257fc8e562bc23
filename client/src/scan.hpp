#pragma once

#include <functional>
#include <span>

#include "ringside/record.hpp"
#include "shm/name/pattern.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::detail {

/// Up to this many records come at a time: a leaf of the index.
inline constexpr std::size_t scan_batch_max = 64;

using BatchVisitor = std::function<bool(std::span<const RecordView>)>;

/// All records at revision `at` whose names begin with `prefix`, in name order, until `visit` says
/// false. REQUIRES: pinned at or below `at`.
void scan_prefix(const shm::SegmentView& segment, Revision at, std::string_view prefix,
                 const BatchVisitor& visit);

/// As above, of the names that match.
void scan_pattern(const shm::SegmentView& segment, Revision at, const Pattern& pattern,
                  const std::function<bool(const RecordView&)>& visit);

/// As above, of the names behind `after` ("": all).
void scan_pattern_after(const shm::SegmentView& segment, Revision at, const Pattern& pattern,
                        std::string_view after,
                        const std::function<bool(const RecordView&)>& visit);

}  // namespace ringside::detail
