#pragma once

#include <sqlite3.h>

#include "table_spec.hpp"

namespace ringside::sql {

/// Tells SQLite's planner which of its conditions and orders the index of names can serve, and what
/// that costs; `number` is the table's place among those of the session. Nothing is served where
/// the table takes no conditions. See xBestIndex.
/// Returns SQLITE_OK, SQLITE_CONSTRAINT (not in this way) or SQLITE_NOMEM.
int plan(const TableSpec& table, int number, bool takes_conditions, sqlite3_index_info& info);

}  // namespace ringside::sql
