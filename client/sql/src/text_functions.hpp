#pragma once

#include <sqlite3.h>

namespace ringside::sql {

/// Replaces SQLite's text functions whose cost is not linear in the size of their values: one call
/// could outlast any time limit, because SQLite checks the limit only between the steps of its
/// program. The results are those of SQLite.
void add_text_functions(sqlite3* connection);

}  // namespace ringside::sql
