#pragma once

#include <sqlite3.h>

#include "session.hpp"

namespace ringside::sql {

/// Whether wherever the statement reads a document of our tables, the next and only thing that it
/// does with it is to pass it to a JSON function that takes handles: then no JSON text has to be
/// made.
///
/// How it is known: by the program that SQLite has made of the statement (EXPLAIN). From each step
/// that puts a document into a register, all ways through the program are followed until the
/// register is overwritten; a step that might read it, or that moves the table's cursor, ends the
/// search with no. A step that this code does not know counts as one that reads everything.
[[nodiscard]] bool reads_documents_by_functions_only(sqlite3_stmt* statement,
                                                     const Session& session);

}  // namespace ringside::sql
