#pragma once

#include <optional>
#include <vector>

#include "index_choice.hpp"
#include "ringside/record_cursor.hpp"
#include "ringside/snapshot.hpp"

namespace ringside::query {

/// How a query finds the records to examine: all records whose names match its pattern, or fewer if
/// a secondary index shows which of them may pass. The predicate is evaluated for each in any case,
/// so an access path may return too many records, never too few.
/// Thread safety: immutable. The snapshot must outlive it.
class AccessPath {
public:
    /// Chooses a path. `cost`: whether the records must be in the order of their names.
    AccessPath(const Snapshot::Impl& snapshot, Pattern pattern, const Predicate& predicate,
               CandidateCost cost);

    /// Divides the names into ordered parts that cover everything: one per thread, and more to
    /// balance the load. Returns one part if an index is used.
    [[nodiscard]] std::vector<NameRange> parts(std::size_t threads) const;

    /// Returns the records of one part.
    [[nodiscard]] RecordCursor cursor(NameRange part) const;

    /// Returns the number of records that pass, if an index knows it.
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
