#pragma once

#include <sqlite3.h>

#include <string>

#include "session.hpp"

namespace ringside::sql {

/// How SQLite would run a statement, a step a line, indented below the one it is part of.
/// Errors: bad_query, those of the guard.
[[nodiscard]] Result<std::string> describe_plan(sqlite3_stmt* statement, const Session& session);

}  // namespace ringside::sql
