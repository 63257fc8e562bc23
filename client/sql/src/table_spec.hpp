#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/field.hpp"
#include "shm/base/errc.hpp"
#include "shm/name/pattern.hpp"

namespace ringside::sql {

/// What a column promises; values of another type read as NULL.
enum class ColumnType : std::uint8_t { any, integer, real, text, boolean };

/// Where a column's values come from.
enum class ColumnSource : std::uint8_t { field, name, revision, version, updated, document };

struct ColumnSpec {
    std::string label;
    ColumnSource source = ColumnSource::field;
    ColumnType type = ColumnType::any;
    Field field = Field::name();         ///< where `source` is a field
    std::optional<std::size_t> level{};  ///< where the field is a level of the name
    bool is_hidden = false;              ///< left out of `*`
};

/// A table as it was declared; the columns that every table has come last.
struct TableSpec {
    std::string name;
    Pattern pattern;
    std::vector<ColumnSpec> columns;

    /// The statement by which SQLite learns of the columns.
    [[nodiscard]] std::string schema() const;
};

/// `records`, with all that is not the grid's own.
[[nodiscard]] TableSpec records_table();

/// See `Options::tables`. Errors: bad_configuration, with the place in the text.
[[nodiscard]] Result<TableSpec> parse_table(std::string_view text);

[[nodiscard]] std::string_view type_name(const ColumnSpec& column) noexcept;

/// In double quotes, as SQL wants a name that may be anything.
[[nodiscard]] std::string quoted_name(std::string_view name);

}  // namespace ringside::sql
