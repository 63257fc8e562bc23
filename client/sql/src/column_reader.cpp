#include "column_reader.hpp"

namespace ringside::sql {

namespace {

Scalar as_integer(std::uint64_t number) {
    return Scalar::integer(static_cast<std::int64_t>(number));
}

Scalar as_text(const Value& value, std::string& text) {
    text.clear();
    append_json(value, text);
    return Scalar::string(text);
}

}  // namespace

Scalar ColumnReader::operator()(const RecordView& record, std::string& text) const {
    switch (source_) {
        case ColumnSource::field: return of_field(field_(record), text);
        case ColumnSource::name: return Scalar::string(record.name());
        case ColumnSource::revision: return as_integer(record.revision());
        case ColumnSource::version: return as_integer(record.version());
        case ColumnSource::updated: return as_integer(record.updated_ns() / 1'000'000);
        case ColumnSource::document: return as_text(record.document(), text);
    }
    return {};
}

Scalar ColumnReader::of_field(const Scalar& value, std::string& text) const {
    switch (type_) {
        case ColumnType::any: return as_sql(value, text);
        case ColumnType::integer: return value.as_int64() ? value : Scalar();
        case ColumnType::real: {
            const auto number = value.as_double();
            return number ? Scalar::real(*number) : Scalar();
        }
        case ColumnType::text: return value.is_string() ? value : Scalar();
        case ColumnType::boolean: {
            const auto truth = value.as_bool();
            return truth ? Scalar::integer(*truth ? 1 : 0) : Scalar();
        }
    }
    return {};
}

Scalar as_sql(const Scalar& value, std::string& text) {
    switch (value.type()) {
        case ScalarType::boolean: return Scalar::integer(*value.as_bool() ? 1 : 0);
        case ScalarType::unsigned_integer: return Scalar::real(*value.as_double());
        case ScalarType::container: return as_text(value.as_container(), text);
        default: return value;
    }
}

}  // namespace ringside::sql
