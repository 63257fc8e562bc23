#pragma once

#include <vector>

#include "ringside/query.hpp"
#include "ringside/record_cursor.hpp"
#include "ringside/snapshot.hpp"

namespace ringside::query {

/// How a query comes by the records that it looks at: all those whose names match its pattern, or
/// fewer where something tells which of them may pass. Its predicate is asked of each of them in
/// any case, so an access path may give too many, never too few.

/// Parts of the names, in order, that together are all: one for each thread to begin with, and more
/// to even out what they differ by.
[[nodiscard]] std::vector<NameRange> parts_of(const Snapshot::Impl& snapshot, const Query& query,
                                              std::size_t threads);

/// The records of one part, in the order of names. Errors: as `Snapshot::cursor`.
[[nodiscard]] Result<RecordCursor> candidates(const Snapshot& snapshot, const Query& query,
                                              NameRange part);

}  // namespace ringside::query
