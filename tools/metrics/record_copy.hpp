#pragma once

#include <string>
#include <vector>

#include "shm/document/value.hpp"
#include "shm/name/pattern.hpp"
#include "shm/segment/segment.hpp"

/// Reads of a segment without a session. They cost the broker nothing, and they work when the
/// broker hangs, is dead, or takes no further session.
///
/// Nothing is pinned, so memory may be reused during a read. Protocol of a pass:
///   1  load `published` = S (acquire)
///   2  walk the index, and copy the version of each record that is visible at S. The walk and the
///      copies stay within the segment, whatever they meet.
///   3  fence (acquire), then load the horizon: if it is at most S, no version that is visible at S
///      was reused, and each copy is whole
/// Nodes of the index can be reused at any time. Therefore the result is that of a pass which finds
/// the same names as the pass before it.
namespace ringside::metrics {

/// A record as it was copied. The document was verified.
struct RecordCopy {
    std::string name;
    Bytes document;

    /// Valid until the copy is destroyed or moved.
    [[nodiscard]] Value value() const { return Value::of(document); }
};

/// Maximum number of records that are copied: the first ones in name order.
inline constexpr std::size_t records_max = 1000;

/// Copies the records that match the pattern, in name order, up to `records_max`. Omits records that
/// are larger than a page of a document. If the grid changes too fast for two equal passes, returns
/// the result of the last pass whose copies are whole; nothing if there is none.
[[nodiscard]] std::vector<RecordCopy> copy_records(const shm::SegmentView& segment,
                                                   const Pattern& pattern);

}  // namespace ringside::metrics
