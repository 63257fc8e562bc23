#pragma once

#include <string>
#include <vector>

#include "database_impl.hpp"
#include "live_shape.hpp"

namespace ringside::sql {

/// Computes the row of a live query for one record: runs the shape's statement over a table that
/// contains only this record.
/// Thread safety: one thread.
class LiveRow {
public:
    LiveRow(std::unique_ptr<Database::Impl> database, PreparedStatement prepared, LiveShape shape);

    /// As LiveQuerySpec::RowOf. Errors: bad_query, query_too_large.
    [[nodiscard]] Result<bool> operator()(const RecordView& record, std::vector<OwnedScalar>& row);

private:
    [[nodiscard]] Result<void> take(std::vector<OwnedScalar>& row);
    [[nodiscard]] Result<OwnedScalar> value_of(int column) const;
    [[nodiscard]] Result<OwnedScalar> summand_of(int column) const;

    std::unique_ptr<Database::Impl> database_;  // before the statement, which uses it
    PreparedStatement prepared_;
    LiveShape shape_;
    std::size_t value_count_;
    bool gives_handles_;
};

}  // namespace ringside::sql
