#pragma once

#include <sqlite3.h>

#include <string_view>

namespace ringside::sql {

/// Replaces `->`, `->>`, json_extract and json_type by functions that read a document in place
/// where they get a handle of it, and are SQLite's own otherwise.
void add_json_functions(sqlite3* connection);

/// Whether a function, as EXPLAIN names it ("->>(2)"), takes handles of documents.
[[nodiscard]] bool takes_handles(std::string_view function) noexcept;

}  // namespace ringside::sql
