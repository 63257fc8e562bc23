#pragma once

#include <optional>
#include <vector>

#include "index_choice.hpp"
#include "ringside/record_cursor.hpp"
#include "ringside/snapshot.hpp"

namespace ringside::query {

/// How a query comes by the records that it looks at: all those whose names match its pattern, or
/// fewer where a secondary index tells which of them may pass. Its predicate is asked of each of
/// them in any case, so an access path may give too many, never too few.
/// Thread safety: immutable. The snapshot must outlive it.
class AccessPath {
public:
    /// Chooses one. `cost`: whether the records are wanted in the order of their names.
    AccessPath(const Snapshot::Impl& snapshot, Pattern pattern, const Predicate& predicate,
               CandidateCost cost);

    /// Parts of the names, in order, that together are all: one for each thread to begin with, and
    /// more to even out what they differ by. One, where an index is used.
    [[nodiscard]] std::vector<NameRange> parts(std::size_t threads) const;

    /// The records of one part.
    [[nodiscard]] RecordCursor cursor(NameRange part) const;

    /// How many records pass, where an index knows it.
    [[nodiscard]] std::optional<std::uint64_t> count() const noexcept {
        if (!index_ || !index_->is_exact) return std::nullopt;
        return index_->candidates;
    }

private:
    [[nodiscard]] bool uses_index() const noexcept { return index_ && index_->is_cheaper; }

    const Snapshot::Impl& snapshot_;
    Pattern pattern_;
    CandidateCost cost_;
    std::optional<IndexChoice> index_;
};

}  // namespace ringside::query
