#pragma once

#include <string>

#include "ringside/field.hpp"
#include "table_spec.hpp"

namespace ringside::sql {

/// Reads a column of many records as SQL values: null, integer, real or string. So order and
/// equality of Scalar are those of SQLite. Thread safety: one thread.
class ColumnReader {
public:
    explicit ColumnReader(const ColumnSpec& column)
        : source_(column.source), type_(column.type), field_(column.field) {}

    /// Returns a value. A string is stored in the record, or in `text` if JSON text was
    /// generated; `text.data()` is its address then.
    [[nodiscard]] Scalar operator()(const RecordView& record, std::string& text) const;

private:
    [[nodiscard]] Scalar of_field(const Scalar& value, std::string& text) const;

    ColumnSource source_;
    ColumnType type_;
    FieldReader field_;
};

/// Converts a JSON value to SQL: booleans to 1 and 0, integers beyond INT64_MAX to reals,
/// containers to JSON text in `text`.
[[nodiscard]] Scalar as_sql(const Scalar& value, std::string& text);

}  // namespace ringside::sql
