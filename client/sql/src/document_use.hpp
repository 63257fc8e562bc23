#pragma once

#include <sqlite3.h>

#include "session.hpp"

namespace ringside::sql {

/// How a statement uses the documents of our tables.
enum class DocumentUse {
    none,
    /// The statement uses a document only by passing it directly to a JSON function that takes
    /// handles, so no JSON text is needed.
    in_place,
    as_text,
};

/// Analyses the program that SQLite has compiled for the statement (EXPLAIN). From each step that
/// puts a document into a register, all paths through the program are followed until the register
/// is overwritten. A step that might read it ends the search with `as_text`, and so does a function
/// that takes it after the table's cursor has moved. An unknown step counts as reading everything.
[[nodiscard]] DocumentUse document_use(sqlite3_stmt* statement, const Session& session);

}  // namespace ringside::sql
