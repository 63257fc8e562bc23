#include "natural_join.hpp"

#include <algorithm>

#include "tokens.hpp"

namespace ringside::sql {

namespace {

class NaturalJoins {
public:
    NaturalJoins(std::string_view text, const std::vector<TableSpec>& tables)
        : tokens_(tokens_of(text)), tables_(tables) {}

    std::optional<std::size_t> find() const {
        for (std::size_t i = 0; i < tokens_.size(); ++i) {
            if (tokens_[i].is("NATURAL") && pairs_all_rows(i)) return tokens_[i].at;
        }
        return std::nullopt;
    }

private:
    [[nodiscard]] bool is(std::size_t at, std::string_view keyword) const noexcept {
        return at < tokens_.size() && tokens_[at].is(keyword);
    }
    /// Returns null if the name is not that of a table, or is that of a common table expression.
    [[nodiscard]] const TableSpec* table_at(std::size_t at) const {
        if (at >= tokens_.size() || !tokens_[at].is_name()) return nullptr;
        const std::string_view name = tokens_[at].unquoted();
        for (std::size_t i = 0; i + 2 < tokens_.size(); ++i) {
            const bool is_expression = is(i + 1, "AS") && (is(i + 2, "(") || is(i + 2, "NOT") ||
                                                           is(i + 2, "MATERIALIZED"));
            const bool has_columns = is(i + 1, "(") && (i == 0 || is(i - 1, "WITH") ||
                                                        is(i - 1, "RECURSIVE") || is(i - 1, ","));
            if ((is_expression || has_columns) && is_same_word(tokens_[i].unquoted(), name)) {
                return nullptr;
            }
        }
        const auto found = std::find_if(tables_.begin(), tables_.end(), [&](const TableSpec& one) {
            return is_same_word(one.name, name);
        });
        return found == tables_.end() ? nullptr : &*found;
    }
    [[nodiscard]] static bool have_common_column(const TableSpec& a, const TableSpec& b) {
        return std::any_of(a.columns.begin(), a.columns.end(), [&](const ColumnSpec& one) {
            return !one.is_hidden &&
                   std::any_of(b.columns.begin(), b.columns.end(), [&](const ColumnSpec& other) {
                       return !other.is_hidden && is_same_word(one.label, other.label);
                   });
        });
    }

    [[nodiscard]] bool pairs_all_rows(std::size_t natural) const {
        std::size_t join = natural + 1;
        while (join < tokens_.size() && join <= natural + 3 && !is(join, "JOIN")) ++join;
        const TableSpec* joined = is(join, "JOIN") ? table_at(join + 1) : nullptr;
        if (joined == nullptr || is(join + 2, ".")) return false;
        // The tables to its left, back to FROM.
        bool has_left = false;
        for (std::size_t at = natural; at-- > 0;) {
            if (is(at, "SELECT") || is(at, "VALUES")) return false;
            const bool names_table = is(at, "FROM") || is(at, "JOIN") || is(at, ",");
            if (names_table) {
                const TableSpec* left = table_at(is(at + 1, "(") ? at + 2 : at + 1);
                if (left == nullptr || have_common_column(*left, *joined)) return false;
                has_left = true;
            }
            if (is(at, "FROM")) return has_left;
        }
        return false;
    }

    std::vector<Token> tokens_;
    const std::vector<TableSpec>& tables_;
};

}  // namespace

std::optional<std::size_t> natural_join_without_columns(std::string_view text,
                                                        const std::vector<TableSpec>& tables) {
    return NaturalJoins(text, tables).find();
}

}  // namespace ringside::sql
