#pragma once

#include <optional>
#include <vector>

#include "../snapshot_impl.hpp"
#include "ringside/predicate.hpp"
#include "shm/index/value_index.hpp"
#include "shm/name/pattern.hpp"

namespace ringside::query {

/// A secondary index that narrows down which records can pass a predicate.
struct IndexChoice {
    std::uint32_t index = 0;  ///< its place in the segment
    std::vector<shm::ValueRange> ranges;
    std::uint64_t candidates = 0;  ///< records in the ranges
    /// Whether the candidates are exactly the records that match the pattern and pass.
    bool is_exact = false;
    bool is_cheaper = false;       ///< than looking at all records whose names match
    bool has_other_names = false;  ///< whether candidates need not match the pattern

    [[nodiscard]] std::optional<std::vector<RecordId>> records(
        const Snapshot::Impl& snapshot) const;
};

/// Whether there is an index on that field whose names include those of the pattern.
[[nodiscard]] bool has_index(const Snapshot::Impl& snapshot, const Pattern& pattern,
                             const Field& field);

/// What looking up a candidate may cost, in records that are looked at in the order of names.
enum class CandidateCost : std::uint64_t {
    unordered = 3,
    ordered = 12,  ///< they are sorted by name, too
};

/// The index with the fewest candidates; none where it is neither cheaper nor exact.
[[nodiscard]] std::optional<IndexChoice> choose_index(const Snapshot::Impl& snapshot,
                                                      const Pattern& pattern,
                                                      const Predicate& predicate,
                                                      CandidateCost cost);

}  // namespace ringside::query
