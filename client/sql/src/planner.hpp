#pragma once

#include <sqlite3.h>

#include "session.hpp"

namespace ringside::sql {

/// Reports to SQLite's planner which of its conditions and orders the grid's indexes can serve, and
/// the cost; `number` is the index of the table in the session. Nothing is served if the session
/// takes no conditions. See xBestIndex.
/// Returns SQLITE_OK, SQLITE_CONSTRAINT (not in this way) or SQLITE_NOMEM.
int plan(const TableSpec& table, int number, const Session& session, sqlite3_index_info& info);

}  // namespace ringside::sql
