#pragma once

#include <string>

#include "bench/query/seats.hpp"
#include "bench/support/process.hpp"
#include "bench/support/report.hpp"
#include "ringside/client.hpp"

/// The figures of queries in docs/benchmarks.md, over the seats of `Seats`.
namespace ringside::bench {

struct QueryScale {
    std::size_t events = 1'000;
    std::size_t small_events = 10;
    std::size_t changes = 10'000;  ///< that a live query takes in, of one slice
    double writing_ns = 5e8;       ///< of one slice
    int slices = 7;
};

/// Sums and groups on one thread, against loops over the same documents; on two threads; one event.
void measure_typed(Report& report, const Client& client, const Seats& seats,
                   const QueryScale& scale);

/// SQL against SQLite over a table of its own, which holds the documents as JSON text, and against
/// typed scans; one event. Only where the build has SQL.
void measure_sql(Report& report, const Client& client, const Seats& seats, const QueryScale& scale);

/// What a write costs while a report is made over and over.
void measure_writers(Report& report, const Client& client, const Seats& seats,
                     const QueryScale& scale);

/// What one change costs a live query, with few records and with many.
void measure_live(Report& report, Client& small, const Seats& few, Client& large, const Seats& many,
                  const QueryScale& scale);

/// What an index saves a count, and costs a write.
void measure_indexes(Report& report, Client& client, const Seats& seats, const QueryScale& scale);

}  // namespace ringside::bench
