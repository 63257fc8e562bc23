#pragma once

#include <sqlite3.h>

#include <vector>

#include "access.hpp"
#include "ringside/predicate.hpp"

namespace ringside::sql {

/// Returns whether an index of the documents' values can answer such a condition on the column for
/// every value.
[[nodiscard]] bool can_narrow(const ColumnSpec& column, Narrowing how, Operand operand) noexcept;

/// Returns a predicate on documents that every record passes whose column meets the condition in
/// SQLite. Other records may pass it as well. Without a useful condition, the predicate always
/// holds.
[[nodiscard]] Predicate predicate_of(const ColumnSpec& column, const Condition& condition,
                                     sqlite3_value* value);

/// Adds the values that a document can have if its column equals one value of an IN. Returns false
/// if these are unknown.
[[nodiscard]] bool add_equal(const ColumnSpec& column, sqlite3_value* value,
                             std::vector<OwnedScalar>& equal);

}  // namespace ringside::sql
