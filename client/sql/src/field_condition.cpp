#include "field_condition.hpp"

namespace ringside::sql {

namespace {

/// From here on not every integer is what SQLite takes it for: see `ColumnReader`.
constexpr double inexact_from = 9e18;

/// The value as documents have it; none: it cannot be told.
std::optional<OwnedScalar> scalar_of(sqlite3_value* value) {
    switch (sqlite3_value_type(value)) {
        case SQLITE_INTEGER: return OwnedScalar(Scalar::integer(sqlite3_value_int64(value)));
        case SQLITE_FLOAT: return OwnedScalar(Scalar::real(sqlite3_value_double(value)));
        case SQLITE_TEXT: {
            const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
            if (text == nullptr) return std::nullopt;
            const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
            return OwnedScalar(Scalar::string({text, size}));
        }
        default: return std::nullopt;
    }
}

Comparison comparison_of(Narrowing how) noexcept {
    switch (how) {
        case Narrowing::field_from: return Comparison::greater_or_equal;
        case Narrowing::field_after: return Comparison::greater;
        case Narrowing::field_before: return Comparison::less;
        case Narrowing::field_up_to: return Comparison::less_or_equal;
        default: return Comparison::equal;
    }
}

/// Of a column that promises one type, the conversions that a comparison makes leave a value of
/// that type as it is.
Predicate of_typed(const ColumnSpec& column, const Condition& condition, OwnedScalar value) {
    const bool is_number = value.view().is_number();
    const bool has_its_type = column.type == ColumnType::text
                                  ? value.view().is_string()
                                  : column.type != ColumnType::boolean && is_number;
    if (!has_its_type) return {};
    return Predicate::compare(column.field, comparison_of(condition.how), std::move(value));
}

/// A column that gives what is there has booleans as 1 and 0, and arrays and objects as texts.
Predicate of_any(const ColumnSpec& column, const OwnedScalar& value) {
    std::vector<OwnedScalar> same{value};
    if (const auto text = value.as_string()) {
        if (text->starts_with('[') || text->starts_with('{')) return {};
    } else if (const auto number = value.as_double(); number == 0.0 || number == 1.0) {
        same.emplace_back(Scalar::boolean(number == 1.0));
    }
    return Predicate::any_of(column.field, std::move(same));
}

}  // namespace

Predicate predicate_of(const ColumnSpec& column, const Condition& condition, sqlite3_value* value) {
    auto wanted = scalar_of(value);
    if (!wanted) return {};
    const auto number = wanted->as_double();
    if (number && (*number >= inexact_from || *number <= -inexact_from)) return {};
    const bool is_equality = condition.how == Narrowing::field_is;
    // What comes from another column may change how the two are compared.
    if (column.type != ColumnType::any) {
        if (!is_equality && !condition.is_literal) return {};
        return of_typed(column, condition, std::move(*wanted));
    }
    if (!is_equality || !condition.is_literal) return {};
    return of_any(column, *wanted);
}

}  // namespace ringside::sql
