#pragma once

#include <sqlite3.h>

#include "session.hpp"

namespace ringside::sql {

/// What a statement does with the documents of our tables.
enum class DocumentUse {
    none,
    /// Wherever it reads one, the next and only thing that it does with it is to pass it to a JSON
    /// function that takes handles: no JSON text has to be made.
    in_place,
    as_text,
};

/// How it is known: by the program that SQLite has made of the statement (EXPLAIN). From each step
/// that puts a document into a register, all ways through the program are followed until the
/// register is overwritten; a step that might read it ends the search with `as_text`, and so does a
/// function that takes it after the table's cursor has moved. A step that this code does not know
/// counts as one that reads everything.
[[nodiscard]] DocumentUse document_use(sqlite3_stmt* statement, const Session& session);

}  // namespace ringside::sql
