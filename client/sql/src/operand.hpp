#pragma once

#include <sqlite3.h>

#include <string_view>

namespace ringside::sql {

/// The source of the other side of a condition on a column.
///
/// SQLite converts both sides of a comparison by their affinities. A virtual table learns neither
/// the affinity of the other side nor the converted value. A text that is compared with a numeric
/// affinity equals other texts ('42' and '042'), so a condition may narrow what is read only if the
/// conversion is known. That depends on the source of the value:
///
/// | operand  | its own affinity    | a text is compared | a number with a TEXT column is compared |
/// |----------|---------------------|--------------------|-----------------------------------------|
/// | constant | none                | as text            | as text                                 |
/// | listed   | applied already     | as text            | unknown                                 |
/// | computed | any                 | as text            | unknown                                 |
/// | mixed    | any                 | unknown            | unknown                                 |
///
/// A text with a numeric affinity comes only from a column of a compound SELECT, whose affinity is
/// that of one part and whose values are those of all parts: `mixed` stands for any value of a
/// statement with a compound.
enum class Operand : char {
    constant = '!',  ///< a literal of the statement
    listed = 'i',    ///< all values of an IN
    computed = '?',  ///< an expression, a subquery or a column of another table
    mixed = 'm',     ///< as `computed`, in a statement with a compound SELECT
};

/// Properties of a statement's text that decide what its operands can be.
struct StatementTraits {
    /// A CAST of a constant, which SQLite passes on as a constant although it has an affinity.
    bool has_constant_casts = false;
    bool has_compounds = false;  ///< UNION, INTERSECT, EXCEPT or VALUES
    bool has_row_in = false;     ///< IN after a parenthesis, which may be a row value
};
[[nodiscard]] StatementTraits statement_traits(std::string_view text);

/// Returns true if SQLite compares a TEXT column with the text of this value, byte by byte.
[[nodiscard]] bool is_compared_as_text(Operand operand, sqlite3_value* value);

/// The number that a numeric affinity converts the value to.
struct Number {
    bool is_integer;
    sqlite3_int64 integer;
    double real;
};
/// Returns false if the value is not converted: a text that is not a number, a BLOB or NULL.
[[nodiscard]] bool convert_to_number(sqlite3_value* value, Number& number);

}  // namespace ringside::sql
