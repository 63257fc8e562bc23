#pragma once

#include <sqlite3.h>

#include <string_view>

namespace ringside::sql {

/// Replaces `->`, `->>`, json_extract and json_type by functions that read a document in place if
/// they get a handle of it, and otherwise call SQLite's.
void add_json_functions(sqlite3* connection);

/// Returns whether a function, named as in EXPLAIN ("->>(2)"), takes handles of documents.
[[nodiscard]] bool takes_handles(std::string_view function) noexcept;

}  // namespace ringside::sql
