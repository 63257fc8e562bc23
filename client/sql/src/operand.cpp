#include "operand.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "tokens.hpp"

namespace ringside::sql {

namespace {

struct FreeCopy {
    void operator()(sqlite3_value* value) const noexcept { sqlite3_value_free(value); }
};

/// Returns true if the operand of a CAST begins like a constant at this token. It may also begin
/// like an expression with a constant, which then narrows less than it could.
bool begins_with_constant(const std::vector<Token>& tokens, std::size_t at) {
    const auto is_prefix = [](const Token& token) {
        return token.is("(") || token.is("+") || token.is("-") || token.is("CAST");
    };
    while (at < tokens.size() && is_prefix(tokens[at])) ++at;
    if (at >= tokens.size()) return false;
    const Token& first = tokens[at];
    // SQLite treats a quoted name that is not a column as a string.
    if (first.kind != Token::Kind::word) return first.kind != Token::Kind::mark;
    const bool is_blob =
        first.is("X") && at + 1 < tokens.size() && tokens[at + 1].kind == Token::Kind::string;
    return is_blob || first.is("NULL") || first.is("TRUE") || first.is("FALSE");
}

}  // namespace

StatementTraits statement_traits(std::string_view text) {
    StatementTraits traits;
    const std::vector<Token> tokens = tokens_of(text);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const auto is = [&](std::string_view keyword) { return tokens[i].is(keyword); };
        if (is("UNION") || is("INTERSECT") || is("EXCEPT") || is("VALUES")) {
            traits.has_compounds = true;
        }
        if (is("IN") && i > 0) {
            const std::size_t left = tokens[i - 1].is("NOT") && i > 1 ? i - 2 : i - 1;
            traits.has_row_in = traits.has_row_in || tokens[left].is(")");
        }
        if (is("CAST") && begins_with_constant(tokens, i + 1)) traits.has_constant_casts = true;
    }
    return traits;
}

bool is_compared_as_text(Operand operand, sqlite3_value* value) {
    switch (sqlite3_value_type(value)) {
        case SQLITE_INTEGER:
        case SQLITE_FLOAT: return operand == Operand::constant;
        case SQLITE_TEXT: {
            Number number{};
            return operand != Operand::mixed || !convert_to_number(value, number);
        }
        default: return false;
    }
}

bool convert_to_number(sqlite3_value* value, Number& number) {
    const std::unique_ptr<sqlite3_value, FreeCopy> copy(sqlite3_value_dup(value));
    if (copy == nullptr) return true;  // without memory, nothing is narrowed
    switch (sqlite3_value_numeric_type(copy.get())) {
        case SQLITE_INTEGER: number = {true, sqlite3_value_int64(copy.get()), 0}; return true;
        case SQLITE_FLOAT: number = {false, 0, sqlite3_value_double(copy.get())}; return true;
        default: return false;
    }
}

}  // namespace ringside::sql
