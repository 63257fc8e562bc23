#pragma once

#include <sqlite3.h>

#include <string_view>

#include "guard.hpp"

namespace ringside::sql {

/// Adds aggregates that SQLite lacks, each also as a window function. Their results are REAL.
///
///     median(x)
///     percentile(x, p)       p from 0 to 100; interpolates between the two nearest values
///     percentile_cont(x, p)  the same, p from 0 to 1
///     percentile_disc(x, p)  the lower of the two values; p from 0 to 1
///     var_pop(x), stddev_pop(x)                          of a population
///     var_samp(x), variance(x), stddev_samp(x), stddev(x)  of a sample; NULL for one value
///
/// Percentiles have the names and definitions of SQLite's own extension (3.47). NULL is ignored.
/// Without values, the result is NULL.
///
/// Memory: 8 bytes for each value, charged to the guard, which must outlive the connection.
///
/// Errors of a statement: bad_query (a text, a BLOB or an infinite number; an invalid or a varying
/// p), those of the guard.
void add_statistics(sqlite3* connection, Guard& guard);

/// Returns true for the name of one of these aggregates, in either case.
[[nodiscard]] bool is_statistic(std::string_view function) noexcept;

}  // namespace ringside::sql
