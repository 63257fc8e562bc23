#pragma once

#include <concepts>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "ringside/field.hpp"
#include "ringside/scalar.hpp"

namespace ringside {

enum class Comparison : std::uint8_t {
    equal,
    not_equal,
    less,
    less_or_equal,
    greater,
    greater_or_equal,
};

/// Property of one field that every matching record has. Lets an index find candidates without
/// reading all records. Other records may have the property, too.
struct Constraint {
    /// Allowed values, sorted and distinct. Without them: any value between `low` and `high`.
    std::optional<std::vector<OwnedScalar>> any_of{};
    std::optional<OwnedScalar> low{};
    std::optional<OwnedScalar> high{};
    bool includes_low = true;
    bool includes_high = true;
};

/// Condition of a query on a record. Immutable, cheap to copy.
///
///     field("/status") == "sold" && (field("/price") > 4000 || !exists("/discount"))
///
/// The outcome is true or false; there is no third value:
///   - A comparison (==, !=, <, <=, >, >=) is between two booleans, two numbers or two strings. All
///     comparisons, `!=` included, are false if the field is missing, null, a container or of
///     another type than the constant. `!(field("/a") == 1)` is then true.
///   - Numbers compare by value: 1 == 1.0. Strings compare by their bytes.
///   - `in` holds if == holds for any of the constants. Without constants it is false.
///   - `starts_with` is false for a value that is not a string.
///   - `is_null` holds for a missing or null value, `exists` for any existing value, even null.
///
/// Errors are kept and reported when the query runs: bad_pointer, query_too_large (more than
/// `limits::query_conditions_max` conditions).
/// Thread safety: immutable.
class Predicate {
public:
    struct Node;

    /// Holds for every record.
    Predicate() = default;

    /// Makes a comparison with a constant; the operators on a Field are shorthands.
    static Predicate compare(Field field, Comparison comparison, OwnedScalar constant);
    /// Holds if the field equals any of the constants; `in` is a shorthand.
    static Predicate any_of(Field field, std::vector<OwnedScalar> constants);

    friend Predicate is_null(Field field);
    friend Predicate exists(Field field);
    friend Predicate starts_with(Field field, std::string_view prefix);
    friend Predicate operator&&(const Predicate& a, const Predicate& b);
    friend Predicate operator||(const Predicate& a, const Predicate& b);
    friend Predicate operator!(const Predicate& a);

    /// Returns the constraint that the conjunction implies for a field; nothing if it implies none.
    [[nodiscard]] std::optional<Constraint> constraint_on(const Field& field) const;

    /// Returns the first error in the predicate.
    [[nodiscard]] std::optional<Error> error() const;

    /// Root of the expression, for its compiler. Null if the predicate always holds.
    [[nodiscard]] const Node* root() const noexcept { return root_.get(); }

private:
    explicit Predicate(std::shared_ptr<const Node> root) : root_(std::move(root)) {}

    std::shared_ptr<const Node> root_;
};

Predicate is_null(Field field);
Predicate exists(Field field);
Predicate starts_with(Field field, std::string_view prefix);
Predicate operator&&(const Predicate& a, const Predicate& b);
Predicate operator||(const Predicate& a, const Predicate& b);
Predicate operator!(const Predicate& a);

/// Makes a field for an expression: `field("/price") > 4000`.
inline Field field(std::string_view pointer) { return Field(pointer); }

/// Types that a field can be compared with.
template <class T>
concept Constant = std::same_as<T, bool> || std::integral<T> || std::floating_point<T> ||
    std::convertible_to<const T&, std::string_view>;

template <Constant T>
[[nodiscard]] OwnedScalar constant(const T& value) {
    if constexpr (std::same_as<T, bool>) {
        return Scalar::boolean(value);
    } else if constexpr (std::unsigned_integral<T>) {
        return Scalar::unsigned_integer(value);
    } else if constexpr (std::integral<T>) {
        return Scalar::integer(value);
    } else if constexpr (std::floating_point<T>) {
        return Scalar::real(static_cast<double>(value));
    } else {
        return Scalar::string(value);
    }
}

// Templates, so that types which convert to Field are not compared as fields.
template <std::same_as<Field> F, Constant T>
[[nodiscard]] Predicate operator==(const F& field, const T& value) {
    return Predicate::compare(field, Comparison::equal, constant(value));
}
template <std::same_as<Field> F, Constant T>
[[nodiscard]] Predicate operator!=(const F& field, const T& value) {
    return Predicate::compare(field, Comparison::not_equal, constant(value));
}
template <std::same_as<Field> F, Constant T>
[[nodiscard]] Predicate operator<(const F& field, const T& value) {
    return Predicate::compare(field, Comparison::less, constant(value));
}
template <std::same_as<Field> F, Constant T>
[[nodiscard]] Predicate operator<=(const F& field, const T& value) {
    return Predicate::compare(field, Comparison::less_or_equal, constant(value));
}
template <std::same_as<Field> F, Constant T>
[[nodiscard]] Predicate operator>(const F& field, const T& value) {
    return Predicate::compare(field, Comparison::greater, constant(value));
}
template <std::same_as<Field> F, Constant T>
[[nodiscard]] Predicate operator>=(const F& field, const T& value) {
    return Predicate::compare(field, Comparison::greater_or_equal, constant(value));
}
template <Constant T>
[[nodiscard]] Predicate in(Field field, std::initializer_list<T> values) {
    std::vector<OwnedScalar> constants;
    for (const T& value : values) constants.push_back(constant(value));
    return Predicate::any_of(std::move(field), std::move(constants));
}

}  // namespace ringside
