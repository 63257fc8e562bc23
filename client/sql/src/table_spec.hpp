#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/field.hpp"
#include "shm/base/errc.hpp"
#include "shm/name/pattern.hpp"

namespace ringside::sql {

/// The type that a column guarantees; values of another type read as NULL.
enum class ColumnType : std::uint8_t { any, integer, real, text, boolean };

/// The source of a column's values.
enum class ColumnSource : std::uint8_t { field, name, revision, version, updated, document };

struct ColumnSpec {
    std::string label;
    ColumnSource source = ColumnSource::field;
    ColumnType type = ColumnType::any;
    Field field = Field::name();         ///< if `source` is a field
    std::optional<std::size_t> level{};  ///< if the field is a level of the name
    bool is_hidden = false;              ///< omitted from `*`
};

/// A declared table. The columns that every table has come last.
struct TableSpec {
    std::string name;
    Pattern pattern;
    std::vector<ColumnSpec> columns;

    /// Returns the statement that declares the columns to SQLite.
    [[nodiscard]] std::string schema() const;
};

/// Returns `records`, which covers everything except system records.
[[nodiscard]] TableSpec records_table();

/// See `Options::tables`. Errors: bad_configuration, with the position in the text.
[[nodiscard]] Result<TableSpec> parse_table(std::string_view text);

[[nodiscard]] std::string_view type_name(const ColumnSpec& column) noexcept;

/// Quotes a name for SQL in double quotes.
[[nodiscard]] std::string quoted_name(std::string_view name);

}  // namespace ringside::sql
