#pragma once

#include <span>
#include <vector>

#include "filter_program.hpp"

namespace ringside::query {

/// Finds out which records pass a predicate, a batch at a time: the conditions that must all hold
/// one after the other, each for all records that are left.
/// Thread safety: one thread, see FieldReader.
class Filter {
public:
    explicit Filter(const Predicate& predicate);

    [[nodiscard]] bool matches(const Candidate& candidate) const noexcept;
    /// Moves those that pass to the front, in their order. Returns their number.
    [[nodiscard]] std::size_t keep(std::span<Candidate> candidates) const noexcept;

private:
    std::vector<FilterProgram> conditions_;
};

}  // namespace ringside::query
