#pragma once

#include <string>

#include "bench/query/seats.hpp"
#include "bench/support/process.hpp"
#include "bench/support/report.hpp"
#include "ringside/client.hpp"

/// The query figures of docs/benchmarks.md, over the seats of `Seats`.
namespace ringside::bench {

struct QueryScale {
    std::size_t events = 1'000;
    std::size_t small_events = 10;
    std::size_t changes = 10'000;  ///< of one slice, applied to a live query
    double writing_ns = 5e8;       ///< of one slice
    int slices = 7;
};

/// Sums and groups on one thread, compared with loops over the same documents; on two threads; for
/// one event.
void measure_typed(Report& report, const Client& client, const Seats& seats,
                   const QueryScale& scale);

/// SQL compared with SQLite on a table with the documents as JSON text, and with typed scans; for
/// one event. Only if the build includes SQL.
void measure_sql(Report& report, const Client& client, const Seats& seats, const QueryScale& scale);

/// The cost of a write while reports run continuously.
void measure_writers(Report& report, const Client& client, const Seats& seats,
                     const QueryScale& scale);

/// The cost of one change for a live query, with few and with many records.
void measure_live(Report& report, Client& small, const Seats& few, Client& large, const Seats& many,
                  const QueryScale& scale);

/// The time that an index saves for a count, and its cost for a write.
void measure_indexes(Report& report, Client& client, const Seats& seats, const QueryScale& scale);

}  // namespace ringside::bench
