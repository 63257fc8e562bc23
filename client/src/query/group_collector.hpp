#pragma once

#include <array>
#include <vector>

#include "collector.hpp"
#include "group_table.hpp"
#include "ringside/record_cursor.hpp"

namespace ringside::query {

/// Computes a row per group. Works through a batch column by column: first the groups of all
/// records, then one field after the other. Each field is read once for all its aggregates.
class GroupCollector final : public Collector {
public:
    explicit GroupCollector(const Query& query);

    Result<bool> take(std::span<const Candidate> records) override;
    Result<void> merge(Collector& later) override;
    void finish(Rows& rows) override;

private:
    static constexpr std::size_t batch_max = RecordCursor::batch_max;

    /// A field, and its aggregates.
    struct Input {
        FieldReader reader;
        std::vector<std::size_t> aggregates;
    };
    using Groups = std::array<std::uint32_t, batch_max>;
    using Scalars = std::array<Scalar, batch_max>;

    void add_input(std::size_t aggregate);
    [[nodiscard]] bool find_groups(std::span<const Candidate> records, Groups& groups);
    void add(std::size_t aggregate, std::span<const std::uint32_t> groups, const Scalars& scalars);
    [[nodiscard]] std::vector<OwnedScalar> row_of(std::uint32_t group);
    [[nodiscard]] Error too_many_groups() const;

    const Query& query_;
    std::vector<FieldReader> keys_;
    std::vector<Input> inputs_;
    std::vector<std::size_t> counts_;  ///< aggregates that count records
    GroupTable table_;
    std::size_t held_bytes_ = 0;  ///< held by the accumulators
};

}  // namespace ringside::query
