#pragma once

#include <vector>

#include "row_collector.hpp"

namespace ringside::query {

/// The first rows by the order of one field. Stores no more of them than it returns, in a heap
/// whose front is the next one to be dropped. The compared values are owned, never read in place:
/// memory that changes under a revoked pin would break the order of the heap.
class TopCollector final : public Collector {
public:
    explicit TopCollector(const Query& query);

    Result<bool> take(std::span<const Candidate> records) override;
    Result<void> merge(Collector& later) override;
    void finish(Rows& rows) override;

private:
    struct Entry {
        OwnedScalar key;
        std::uint64_t number;  ///< in the order of names
        std::vector<OwnedScalar> row;
        std::size_t bytes;
    };
    /// Returns whether `a` precedes `b` in the result.
    [[nodiscard]] bool is_before(const OwnedScalar& a, std::uint64_t a_number,
                                 const Entry& b) const;
    [[nodiscard]] Result<void> add(Entry entry);

    RowReader reader_;
    FieldReader by_;
    Order order_;
    std::size_t count_;
    std::uint64_t next_number_ = 0;
    std::size_t bytes_ = 0;
    std::vector<Entry> entries_;
};

}  // namespace ringside::query
