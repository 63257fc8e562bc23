#pragma once

#include <optional>
#include <vector>

#include "../snapshot_impl.hpp"
#include "ringside/predicate.hpp"
#include "shm/index/value_index.hpp"
#include "shm/name/pattern.hpp"

namespace ringside::query {

/// A secondary index that reduces the records to examine for a predicate.
struct IndexChoice {
    std::uint32_t index = 0;  ///< its number in the segment
    std::vector<shm::ValueRange> ranges;
    std::uint64_t candidates = 0;  ///< records in the ranges
    /// The candidates are exactly the records that match the pattern and pass.
    bool is_exact = false;
    bool is_cheaper = false;       ///< than examining all records whose names match
    bool has_other_names = false;  ///< candidates might not match the pattern

    [[nodiscard]] std::optional<std::vector<RecordId>> records(
        const Snapshot::Impl& snapshot) const;
};

/// Returns whether there is an index on that field whose names include those of the pattern.
[[nodiscard]] bool has_index(const Snapshot::Impl& snapshot, const Pattern& pattern,
                             const Field& field);

/// The cost of looking up a candidate, in records examined in the order of names.
enum class CandidateCost : std::uint64_t {
    unordered = 3,
    ordered = 12,  ///< the candidates are also sorted by name
};

/// Returns the index with the fewest candidates, or none if it is neither cheaper nor exact.
[[nodiscard]] std::optional<IndexChoice> choose_index(const Snapshot::Impl& snapshot,
                                                      const Pattern& pattern,
                                                      const Predicate& predicate,
                                                      CandidateCost cost);

}  // namespace ringside::query
