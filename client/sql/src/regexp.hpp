#pragma once

#include <sqlite3.h>

#include "guard.hpp"

namespace ringside::sql {

/// Adds `regexp(pattern, text)`, and with it the operator `text REGEXP pattern`: 1 if the pattern
/// (RE2 syntax, case-sensitive) matches a part of the text, else 0. NULL if either is NULL.
///
/// RE2 needs time proportional to the size of the text and the size of the pattern's program. Their
/// product is limited, and the time limit is checked between calls. Each compiled pattern is
/// charged to the guard, which must outlive the connection.
///
/// Errors of a statement: bad_query (invalid or too long pattern), query_too_large (text too long
/// for this pattern), those of the guard.
void add_regexp(sqlite3* connection, Guard& guard);

}  // namespace ringside::sql
