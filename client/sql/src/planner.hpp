#pragma once

#include <sqlite3.h>

#include "ringside/snapshot.hpp"
#include "table_spec.hpp"

namespace ringside::sql {

/// Tells SQLite's planner which of its conditions and orders the grid's indexes can serve, and what
/// that costs; `number` is the table's place among those of the session. See xBestIndex.
/// Returns SQLITE_OK, SQLITE_CONSTRAINT (not in this way) or SQLITE_NOMEM.
int plan(const TableSpec& table, int number, const Snapshot& snapshot, sqlite3_index_info& info);

}  // namespace ringside::sql
