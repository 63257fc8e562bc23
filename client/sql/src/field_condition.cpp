#include "field_condition.hpp"

#include <cmath>
#include <limits>

namespace ringside::sql {

namespace {

/// From here on, a REAL column rounds some integers.
constexpr double rounded_from = 9'007'199'254'740'992.0;

/// From here on, SQLite reads some integers differently: see `ColumnReader`.
constexpr double inexact_from = 9e18;

/// Converts the value to one of a document, or returns none if the equivalent is unknown.
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

/// Returns the condition on the numbers in documents for a comparison by a REAL column, which
/// rounds them.
Predicate of_rounded(const Field& field, Comparison relation, double value) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const auto below = Scalar::real(std::nextafter(value, -infinity));
    const auto above = Scalar::real(std::nextafter(value, infinity));
    switch (relation) {
        case Comparison::greater:
        case Comparison::greater_or_equal:
            return Predicate::compare(field, Comparison::greater_or_equal, below);
        case Comparison::less:
        case Comparison::less_or_equal:
            return Predicate::compare(field, Comparison::less_or_equal, above);
        default:
            return Predicate::compare(field, Comparison::greater_or_equal, below) &&
                   Predicate::compare(field, Comparison::less_or_equal, above);
    }
}

/// In a column of a single type, the conversions of a comparison leave values of that type
/// unchanged.
Predicate of_typed(const ColumnSpec& column, const Condition& condition, OwnedScalar value) {
    const Comparison relation = comparison_of(condition.how);
    const auto number = value.as_double();
    switch (column.type) {
        case ColumnType::text:
            if (!value.view().is_string()) return {};
            break;
        case ColumnType::boolean:
            if (number != 0.0 && number != 1.0) return {};
            return Predicate::compare(column.field, relation, Scalar::boolean(number == 1.0));
        case ColumnType::real:
            if (!number) return {};
            if (std::abs(*number) < rounded_from) break;
            return of_rounded(column.field, relation, *number);
        default:
            if (!number) return {};
    }
    return Predicate::compare(column.field, relation, std::move(value));
}

/// A column without a type has booleans as 1 and 0, and arrays and objects as texts.
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

bool can_narrow(const ColumnSpec& column, Narrowing how, Operand operand) noexcept {
    const bool is_equality = how == Narrowing::field_is;
    switch (column.type) {
        case ColumnType::integer:
        case ColumnType::real: return true;
        case ColumnType::boolean: return is_equality;
        case ColumnType::text: return operand != Operand::mixed;
        case ColumnType::any: return is_equality && operand == Operand::constant;
    }
    return false;
}

Predicate predicate_of(const ColumnSpec& column, const Condition& condition, sqlite3_value* value) {
    if (!can_narrow(column, condition.how, condition.operand)) return {};
    auto wanted = scalar_of(value);
    if (!wanted) return {};
    const auto number = wanted->as_double();
    if (number && (*number >= inexact_from || *number <= -inexact_from)) return {};
    if (column.type == ColumnType::any) return of_any(column, *wanted);
    return of_typed(column, condition, std::move(*wanted));
}

bool add_equal(const ColumnSpec& column, sqlite3_value* value, std::vector<OwnedScalar>& equal) {
    auto wanted = scalar_of(value);
    if (!wanted) return false;
    const auto number = wanted->as_double();
    if (number && std::abs(*number) >= inexact_from) return false;
    switch (column.type) {
        case ColumnType::any: return false;
        case ColumnType::text:
            if (number) return false;
            break;
        case ColumnType::boolean:
            if (!number) return false;
            if (*number == 0.0 || *number == 1.0)
                equal.emplace_back(Scalar::boolean(*number == 1.0));
            return true;
        case ColumnType::real:
            if (!number || std::abs(*number) >= rounded_from) return false;
            break;
        case ColumnType::integer:
            if (!number) return false;
            break;
    }
    equal.push_back(std::move(*wanted));
    return true;
}

}  // namespace ringside::sql
