#pragma once

#include <span>
#include <vector>

#include "filter_program.hpp"

namespace ringside::query {

/// Selects the records that pass a predicate, in batches: evaluates each required condition for all
/// records that are left.
/// Thread safety: one thread, see FieldReader.
class Filter {
public:
    explicit Filter(const Predicate& predicate);

    [[nodiscard]] bool matches(const Candidate& candidate) const noexcept;
    /// Moves the passing records to the front, keeping their order. Returns their number.
    [[nodiscard]] std::size_t keep(std::span<Candidate> candidates) const noexcept;

private:
    std::vector<FilterProgram> conditions_;
};

}  // namespace ringside::query
