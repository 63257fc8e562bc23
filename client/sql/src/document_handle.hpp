#pragma once

#include <sqlite3.h>

#include "ringside/record.hpp"

namespace ringside::sql {

/// A document that is passed from a table to a JSON function without its text being made. To all
/// else it is NULL: see document_use.hpp for where it may be given.
inline void give_handle(sqlite3_context* context, const RecordView& record) {
    sqlite3_result_pointer(context, const_cast<RecordView*>(&record), "ringside document", nullptr);
}

/// Null: the value is no handle. Valid while the row that it was given for is.
[[nodiscard]] inline const RecordView* handle_of(sqlite3_value* value) {
    return static_cast<const RecordView*>(sqlite3_value_pointer(value, "ringside document"));
}

}  // namespace ringside::sql
