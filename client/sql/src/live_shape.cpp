#include "live_shape.hpp"

#include <algorithm>
#include <charconv>

#include "live_refusal.hpp"
#include "tokens.hpp"

namespace ringside::sql {

namespace {

using Tokens = std::span<const Token>;

std::string_view text_between(std::string_view text, Tokens tokens) {
    if (tokens.empty()) return {};
    const Token& last = tokens.back();
    return text.substr(tokens.front().at, last.at + last.text.size() - tokens.front().at);
}

bool is_same(Tokens a, Tokens b) {
    return std::ranges::equal(a, b, [](const Token& x, const Token& y) {
        const bool are_words = x.kind == Token::Kind::word && y.kind == Token::Kind::word;
        return are_words ? is_same_word(x.text, y.text) : x.text == y.text;
    });
}

/// Returns the position of the first token outside parentheses that satisfies `is_wanted`, or the
/// end.
template <class Wanted>
std::size_t find_if_at_top(Tokens tokens, std::size_t from, const Wanted& is_wanted) {
    std::size_t depth = 0;
    for (std::size_t i = from; i < tokens.size(); ++i) {
        const bool closes = tokens[i].is(")") && depth > 0;
        if (depth == 0 && is_wanted(i)) return i;
        if (closes) --depth;
        if (tokens[i].is("(")) ++depth;
    }
    return tokens.size();
}

std::size_t find_at_top(Tokens tokens, std::size_t from, std::string_view mark) {
    return find_if_at_top(tokens, from, [&](std::size_t i) { return tokens[i].is(mark); });
}

std::vector<Tokens> split(Tokens tokens) {
    std::vector<Tokens> parts;
    while (!tokens.empty()) {
        const std::size_t comma = find_at_top(tokens, 0, ",");
        parts.push_back(tokens.first(comma));
        tokens = tokens.subspan(std::min(comma + 1, tokens.size()));
    }
    return parts;
}

/// An aggregate in a statement.
struct Call {
    Aggregate::Kind kind;
    Tokens argument;  ///< empty for all records
    Tokens filter;
    Tokens rest;  ///< after the aggregate
};

std::optional<Aggregate::Kind> kind_of(std::string_view function) {
    constexpr std::pair<std::string_view, Aggregate::Kind> kinds[] = {
        {"count", Aggregate::Kind::count},
        {"sum", Aggregate::Kind::sum},
        {"avg", Aggregate::Kind::average},
        {"min", Aggregate::Kind::min},
        {"max", Aggregate::Kind::max}};
    for (const auto& [name, kind] : kinds) {
        if (is_same_word(name, function)) return kind;
    }
    return std::nullopt;
}

/// Returns the aggregate at the beginning of an item. min and max with several arguments are not
/// aggregates.
std::optional<Call> call_of(Tokens item) {
    if (item.size() < 3 || !item[0].is_name() || !item[1].is("(")) return std::nullopt;
    const auto kind = kind_of(item[0].unquoted());
    if (!kind) return std::nullopt;
    const std::size_t close = find_at_top(item, 2, ")");
    Call call{
        *kind, item.subspan(2, close - 2), {}, item.subspan(std::min(close + 1, item.size()))};
    if (find_at_top(call.argument, 0, ",") < call.argument.size()) return std::nullopt;
    if (call.argument.size() == 1 && call.argument[0].is("*")) call.argument = {};
    if (call.rest.size() > 3 && call.rest[0].is("FILTER") && call.rest[1].is("(")) {
        const std::size_t end = find_at_top(call.rest, 2, ")");
        call.filter = call.rest.subspan(3, end - 3);  // after its WHERE
        call.rest = call.rest.subspan(std::min(end + 1, call.rest.size()));
    }
    return call;
}

class Parser {
public:
    Parser(std::string_view text, const std::vector<TableSpec>& tables)
        : text_(text), tables_(tables), all_(tokens_of(text)) {}

    std::variant<LiveShape, LiveRefusal> run() {
        tokens_ = Tokens(all_).first(find_at_top(all_, 0, ";"));
        if (auto refused = refusal_of(tokens_)) return *refused;
        find_clauses();
        read_source();
        const auto is_aggregate = [](Tokens item) { return call_of(item).has_value(); };
        shape_.is_grouped = !group_by_.empty() || std::ranges::any_of(items_, is_aggregate);
        if (shape_.is_grouped) read_groups();
        else shape_.statement = text_between(text_, tokens_);
        if (refusal_) return *refusal_;
        return std::move(shape_);
    }

private:
    void find_clauses() {
        const std::size_t from = find_if_at_top(tokens_, 1, [this](std::size_t i) {
            return tokens_[i].is("FROM") && !tokens_[i - 1].is("DISTINCT");  // IS DISTINCT FROM
        });
        const std::size_t where = find_at_top(tokens_, from, "WHERE");
        const std::size_t group = find_at_top(tokens_, from, "GROUP");
        const std::size_t first = tokens_[1].is("ALL") ? 2 : 1;
        items_ = split(tokens_.subspan(first, from - first));
        source_ = between(from + 1, std::min(where, group));
        where_ = between(where + 1, group);
        group_by_ = split(between(group + 2, tokens_.size()));
    }
    [[nodiscard]] Tokens between(std::size_t begin, std::size_t end) const {
        return begin < end ? tokens_.subspan(begin, end - begin) : Tokens();
    }

    void refuse(const Token& token, const std::string& what) {
        if (!refusal_) refusal_ = LiveRefusal{token.at, what};
    }

    /// Reads the table and its alias.
    void read_source() {
        if (source_.empty()) return refuse(tokens_.back(), "a statement without FROM");
        const auto named = [&](const TableSpec& table) {
            return source_[0].is_name() && is_same_word(table.name, source_[0].unquoted());
        };
        const auto table = std::ranges::find_if(tables_, named);
        if (table == tables_.end()) return refuse(source_[0], "FROM without a table name");
        table_ = &*table;
        shape_.table = table->name;
        std::size_t end = source_.size() > 1 && source_[1].is("AS") ? 2 : 1;
        if (end < source_.size() && source_[end].is_name()) ++end;
        if (end < source_.size()) refuse(source_[end], "FROM with more than one table");
    }

    void read_groups() {
        if (refusal_) return;
        for (const Tokens part : group_by_) keys_.push_back(expression_of(part));
        key_aliases_.resize(keys_.size());
        shape_.key_count = keys_.size();
        for (const Tokens key : keys_) refuse_collation(key);
        for (const Tokens item : items_) read_item(item);
        std::string columns;
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            columns += (i > 0 ? ", (" : "(") + std::string(text_between(text_, keys_[i])) + ")";
            // Conditions may use the alias.
            if (!key_aliases_[i].empty()) columns += " AS " + key_aliases_[i];
        }
        for (const std::string& input : inputs_) columns += (columns.empty() ? "" : ", ") + input;
        if (columns.empty()) columns = "1";
        shape_.statement =
            "SELECT " + columns + " FROM " + std::string(text_between(text_, source_));
        if (where_.empty()) return;
        shape_.statement += " WHERE (" + std::string(text_between(text_, where_)) + ")";
    }

    /// Resolves a part of GROUP BY: an item by its ordinal or alias, or the part itself.
    [[nodiscard]] Tokens expression_of(Tokens part) const {
        if (part.size() != 1) return part;
        std::size_t ordinal = 0;
        const std::string_view digits = part[0].text;
        if (part[0].kind == Token::Kind::number &&
            std::from_chars(digits.data(), digits.data() + digits.size(), ordinal).ptr ==
                digits.data() + digits.size() &&
            ordinal - 1 < items_.size()) {
            return without_alias(items_[ordinal - 1]);
        }
        const auto is_column = [&](const ColumnSpec& column) {
            return is_same_word(column.label, part[0].unquoted());
        };
        if (!part[0].is_name() || std::ranges::any_of(table_->columns, is_column)) return part;
        for (const Tokens item : items_) {
            const Tokens expression = without_alias(item);
            if (expression.size() < item.size() &&
                is_same_word(item.back().unquoted(), part[0].unquoted())) {
                return expression;
            }
        }
        return part;
    }
    /// An alias is a name after a token that can end an expression.
    [[nodiscard]] static Tokens without_alias(Tokens item) {
        const std::size_t size = item.size();
        if (size > 2 && item[size - 2].is("AS")) return item.first(size - 2);
        const bool has_alias = size > 1 && item.back().is_name() && !is_operator(item.back()) &&
                               !item.back().is("END") &&
                               (item[size - 2].is(")") || item[size - 2].is("END") ||
                                item[size - 2].kind == Token::Kind::number ||
                                (item[size - 2].is_name() && !is_operator(item[size - 2])));
        return has_alias ? item.first(size - 1) : item;
    }
    [[nodiscard]] static bool is_operator(const Token& token) {
        constexpr std::string_view words[] = {"AND",    "OR",      "NOT",    "IS",     "LIKE",
                                              "GLOB",   "WHEN",    "THEN",   "ELSE",   "CASE",
                                              "FROM",   "BETWEEN", "IN",     "ESCAPE", "COLLATE",
                                              "REGEXP", "MATCH",   "ISNULL", "NOTNULL"};
        return std::ranges::any_of(words, [&](auto word) { return token.is(word); });
    }

    void read_item(Tokens item) {
        for (const Tokens expression : {item, without_alias(item)}) {
            const auto key = std::ranges::find_if(
                keys_, [&](Tokens candidate) { return is_same(candidate, expression); });
            if (key == keys_.end()) continue;
            const auto place = static_cast<std::size_t>(key - keys_.begin());
            if (expression.size() < item.size()) key_aliases_[place] = item.back().text;
            shape_.shown.push_back(place);
            return;
        }
        const auto call = call_of(item);
        if (!call || !is_alias(call->rest)) {
            return refuse(item[0], "an item that is neither in GROUP BY nor an aggregate");
        }
        add_aggregate(*call);
    }
    [[nodiscard]] static bool is_alias(Tokens rest) {
        return rest.empty() || (rest.size() == 1 && rest[0].is_name()) ||
               (rest.size() == 2 && rest[0].is("AS"));
    }

    void add_aggregate(const Call& call) {
        Tokens argument = call.argument;
        Aggregate::Kind kind = call.kind;
        if (!argument.empty() && argument[0].is("DISTINCT")) {
            if (kind != Aggregate::Kind::count)
                return refuse(argument[0], "DISTINCT outside of count(DISTINCT x)");
            kind = Aggregate::Kind::distinct;
            argument = argument.subspan(1);
        }
        refuse_collation(argument);
        shape_.shown.push_back(shape_.key_count + shape_.aggregates.size());
        shape_.aggregates.push_back({kind});
        if (kind == Aggregate::Kind::count && argument.empty() && call.filter.empty()) return;
        shape_.aggregates.back().input =
            add_input(input_of(kind, argument, call.filter),
                      kind == Aggregate::Kind::sum || kind == Aggregate::Kind::average);
    }
    [[nodiscard]] std::string input_of(Aggregate::Kind kind, Tokens argument, Tokens filter) const {
        const std::string value = "(" + std::string(text_between(text_, argument)) + ")";
        std::string condition;
        if (!filter.empty()) condition = "(" + std::string(text_between(text_, filter)) + ")";
        if (kind != Aggregate::Kind::count) {
            return condition.empty() ? value : "CASE WHEN " + condition + " THEN " + value + " END";
        }
        // Only the existence of the value is stored.
        if (!argument.empty()) {
            condition += (condition.empty() ? "" : " AND ") + value + " IS NOT NULL";
        }
        return "CASE WHEN " + condition + " THEN 1 END";
    }
    std::size_t add_input(std::string input, bool is_summed) {
        for (std::size_t i = 0; i < inputs_.size(); ++i) {
            if (inputs_[i] == input && shape_.is_summed[i] == is_summed) return i;
        }
        inputs_.push_back(std::move(input));
        shape_.is_summed.push_back(is_summed);
        return inputs_.size() - 1;
    }
    /// Groups and aggregates compare by bytes.
    void refuse_collation(Tokens expression) {
        for (const Token& token : expression) {
            if (token.is("COLLATE")) refuse(token, "COLLATE in a group or an aggregate");
        }
    }

    std::string_view text_;
    const std::vector<TableSpec>& tables_;
    std::vector<Token> all_;
    Tokens tokens_;
    std::vector<Tokens> items_;
    Tokens source_;
    Tokens where_;
    std::vector<Tokens> group_by_;
    const TableSpec* table_ = nullptr;
    std::vector<Tokens> keys_;
    std::vector<std::string> key_aliases_;
    std::vector<std::string> inputs_;
    LiveShape shape_;
    std::optional<LiveRefusal> refusal_;
};

}  // namespace

std::variant<LiveShape, LiveRefusal> live_shape(std::string_view text,
                                                const std::vector<TableSpec>& tables) {
    return Parser(text, tables).run();
}

}  // namespace ringside::sql
