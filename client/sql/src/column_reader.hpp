#pragma once

#include <string>

#include "ringside/field.hpp"
#include "table_spec.hpp"

namespace ringside::sql {

/// Reads a column of many records as SQL sees it: null, an integer, a real or a string, so that the
/// order and equality of Scalar are those of SQLite. Thread safety: one thread.
class ColumnReader {
public:
    explicit ColumnReader(const ColumnSpec& column)
        : source_(column.source), type_(column.type), field_(column.field) {}

    /// A string lies in the record, or, where JSON text had to be made, in `text`: then
    /// `text.data()` is where it begins.
    [[nodiscard]] Scalar operator()(const RecordView& record, std::string& text) const;

private:
    [[nodiscard]] Scalar of_field(const Scalar& value, std::string& text) const;

    ColumnSource source_;
    ColumnType type_;
    FieldReader field_;
};

/// JSON values as SQL has them: booleans are 1 and 0, integers beyond INT64_MAX reals, containers
/// JSON text in `text`.
[[nodiscard]] Scalar as_sql(const Scalar& value, std::string& text);

}  // namespace ringside::sql
