#pragma once

#include <optional>
#include <string_view>

#include "ringside/live_query.hpp"
#include "ringside/sql.hpp"

namespace ringside::sql {

/// A live query that is asked in SQL: what `Client::live_query` keeps up to date.
///
///     SELECT items FROM table [AS alias] [WHERE condition] [GROUP BY expressions]
///
/// Expressions are SQLite's, on the columns of one table. Without groups there is a row for each
/// record. With GROUP BY or aggregates there is one for each group: items are expressions of GROUP
/// BY (the same text, or their alias) or count(*), count(x), count(DISTINCT x), sum(x), avg(x),
/// min(x) and max(x), with FILTER (WHERE …) where wanted. Values are as those of a Database; what
/// differs: sums are exact, and REAL instead of an error where integers overflow.
///
/// An expression that fails for a record, or gives a BLOB, ends the live query with bad_query; so
/// does an infinite number in a sum.
///
/// Of the options, those of tables count. Cost: that of a Database, and for each record a run of
/// SQLite's program, about 1 us. Errors: bad_query (the detail has the place), bad_configuration,
/// bad_pattern, bad_pointer, system_error. `error_offset` is set to where in the text it is wrong,
/// in bytes; none: not known.
///
/// Thread safety: the description, its copies and what is made of them belong to one thread at a
/// time.
///
///     LiveQuery sales = client.live_query(sql::live_description(
///         "SELECT section, count(*), sum(price) FROM seats WHERE status = 'sold' "
///         "GROUP BY section",
///         {.tables = {"seats=event/*/*/seat/*(section, status, price INTEGER)"}}).value()).value();
[[nodiscard]] Result<LiveDescription> live_description(
    std::string_view text, const Options& options = {},
    std::optional<std::size_t>* error_offset = nullptr);

/// A value of a live query's row as SQL has it; a text lies in the value.
[[nodiscard]] Cell cell_of(const OwnedScalar& value);

}  // namespace ringside::sql
