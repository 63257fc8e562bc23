#pragma once

#include <optional>
#include <string_view>

#include "ringside/live_query.hpp"
#include "ringside/sql.hpp"

namespace ringside::sql {

/// Live query in SQL, to be kept up to date by `Client::live_query`.
///
///     SELECT items FROM table [AS alias] [WHERE condition] [GROUP BY expressions]
///
/// Expressions are SQLite's, over the columns of one table. Without groups there is one row per
/// record. With GROUP BY or aggregates there is one row per group.
/// Items of a grouped query are expressions of GROUP BY (the same text or the alias) or aggregates:
/// count(*), count(x), count(DISTINCT x), sum(x), avg(x), min(x) and max(x). Aggregates may have a
/// FILTER. Values are the same as in a Database, with one exception: sums are exact. If integers
/// overflow, the sum is REAL instead of an error.
///
/// The live query ends with bad_query if an expression fails for a record or returns a BLOB, or if
/// a sum has an infinite number.
///
/// Only the table declarations of the options apply. Cost: that of a Database; per record, one run
/// of SQLite's program, about 1 us.
/// Errors: bad_query (the detail has the position), bad_configuration, bad_pattern, bad_pointer,
/// system_error. `error_offset` receives the byte offset of the error in the text, if known.
///
/// Thread safety: the description, its copies and all live queries made from them belong to one
/// thread at a time.
///
///     LiveQuery sales = client.live_query(sql::live_query_spec(
///         "SELECT section, count(*), sum(price) FROM seats WHERE status = 'sold' "
///         "GROUP BY section",
///         {.tables = {"seats=event/*/*/seat/*(section, status, price INTEGER)"}}).value()).value();
[[nodiscard]] Result<LiveQuerySpec> live_query_spec(
    std::string_view text, const Options& options = {},
    std::optional<std::size_t>* error_offset = nullptr);
[[deprecated("use live_query_spec")]] [[nodiscard]] inline Result<LiveQuerySpec> live_description(
    std::string_view text, const Options& options = {},
    std::optional<std::size_t>* error_offset = nullptr) {
    return live_query_spec(text, options, error_offset);
}

/// Converts a value of a live query's row to SQL. A text is a view of the value.
[[nodiscard]] Cell cell_of(const OwnedScalar& value);

}  // namespace ringside::sql
