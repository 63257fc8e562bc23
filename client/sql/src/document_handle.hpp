#pragma once

#include <sqlite3.h>

#include "ringside/record.hpp"

namespace ringside::sql {

/// Passes a document from a table to a JSON function without generating its text. Everything else
/// reads it as NULL: see document_use.hpp for where handles may be used.
inline void give_handle(sqlite3_context* context, const RecordView& record) {
    sqlite3_result_pointer(context, const_cast<RecordView*>(&record), "ringside document", nullptr);
}

/// Returns null if the value is not a handle. Valid as long as the row from which it came.
[[nodiscard]] inline const RecordView* handle_of(sqlite3_value* value) {
    return static_cast<const RecordView*>(sqlite3_value_pointer(value, "ringside document"));
}

}  // namespace ringside::sql
