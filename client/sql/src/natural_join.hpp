#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "table_spec.hpp"

namespace ringside::sql {

/// Returns the offset of a NATURAL JOIN between tables that have no column in common but hidden
/// ones, which SQLite ignores: the join would pair all rows. Joins with subqueries and common table
/// expressions are not examined.
[[nodiscard]] std::optional<std::size_t> natural_join_without_columns(
    std::string_view text, const std::vector<TableSpec>& tables);

}  // namespace ringside::sql
