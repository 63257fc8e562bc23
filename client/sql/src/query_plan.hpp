#pragma once

#include <sqlite3.h>

#include <string>

#include "session.hpp"

namespace ringside::sql {

/// Describes how SQLite would run a statement, one step per line, each indented below its parent.
/// Errors: bad_query, those of the guard.
[[nodiscard]] Result<std::string> describe_plan(sqlite3_stmt* statement, const Session& session);

}  // namespace ringside::sql
