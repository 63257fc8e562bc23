#pragma once

#include <sqlite3.h>

#include <vector>

#include "access.hpp"
#include "ringside/predicate.hpp"

namespace ringside::sql {

/// Returns true if an index of the documents' values can answer such a condition on the column,
/// whatever the value is.
[[nodiscard]] bool can_narrow(const ColumnSpec& column, Narrowing how, Operand operand) noexcept;

/// What every record has, in the order of documents, whose column fulfils a condition in SQLite's;
/// the predicate that always holds where there is nothing to say. There may be others that have it.
[[nodiscard]] Predicate predicate_of(const ColumnSpec& column, const Condition& condition,
                                     sqlite3_value* value);

/// Adds what a document can have where its column equals one value of an IN. Returns false if that
/// cannot be told.
[[nodiscard]] bool add_equal(const ColumnSpec& column, sqlite3_value* value,
                             std::vector<OwnedScalar>& equal);

}  // namespace ringside::sql
