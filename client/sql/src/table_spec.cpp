#include "table_spec.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "shm/base/limits.hpp"
#include "tokens.hpp"

namespace ringside::sql {

namespace {

struct TypeWord {
    std::string_view word;
    ColumnType type;
};
constexpr std::array<TypeWord, 4> type_words{{{"INTEGER", ColumnType::integer},
                                              {"REAL", ColumnType::real},
                                              {"TEXT", ColumnType::text},
                                              {"BOOLEAN", ColumnType::boolean}}};

bool is_word_character(char c) noexcept {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           static_cast<unsigned char>(c) >= 0x80;
}

std::vector<ColumnSpec> common_columns(bool hidden) {
    const auto column = [&](const char* label, ColumnSource source, ColumnType type) {
        ColumnSpec spec;
        spec.label = label;
        spec.source = source;
        spec.type = type;
        spec.is_hidden = hidden;
        return spec;
    };
    return {column("name", ColumnSource::name, ColumnType::text),
            column("revision", ColumnSource::revision, ColumnType::integer),
            column("version", ColumnSource::version, ColumnType::integer),
            column("updated", ColumnSource::updated, ColumnType::integer),
            column("document", ColumnSource::document, ColumnType::text)};
}

/// Parses one declaration.
class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    Result<TableSpec> parse() {
        skip_spaces();
        const std::string name = word("the name of a table");
        expect('=', "after the name of the table");
        skip_spaces();
        const std::size_t pattern_at = at_;
        const std::string pattern_text = until("(", "a pattern");
        if (error_) return *error_;
        auto pattern = Pattern::parse(pattern_text);
        if (!pattern) return wrong(pattern_at, pattern.error().text());
        TableSpec table{name, *std::move(pattern), {}};
        if (peek() == '(') parse_columns(table);
        skip_spaces();
        if (!error_ && at_ < text_.size()) wrong(at_, "unexpected text after the declaration");
        if (error_) return *error_;
        auto common = common_columns(!table.columns.empty());
        for (ColumnSpec& column : common) {
            if (!has(table, column.label)) table.columns.push_back(std::move(column));
        }
        return table;
    }

private:
    void parse_columns(TableSpec& table) {
        do {
            ++at_;
            skip_spaces();
            const std::size_t column_at = at_;
            ColumnSpec column = parse_column(table.pattern);
            if (error_) return;
            if (has(table, column.label)) {
                wrong(column_at, "duplicate column '" + column.label + "'");
                return;
            }
            table.columns.push_back(std::move(column));
            if (table.columns.size() > limits::sql_columns_max) {
                wrong(column_at,
                      "more than " + std::to_string(limits::sql_columns_max) + " columns");
                return;
            }
            skip_spaces();
        } while (peek() == ',');
        expect(')', "or ',' after a column");
    }

    ColumnSpec parse_column(const Pattern& pattern) {
        ColumnSpec column;
        column.label = word("a column");
        skip_spaces();
        std::size_t source_at = at_;
        if (peek() == ':') {
            ++at_;
            skip_spaces();
            source_at = at_;
            parse_source(column, pattern);
        } else {
            column.field = Field("/" + escaped(column.label));
        }
        skip_spaces();
        parse_type(column);
        if (!error_ && column.field.error()) wrong(source_at, column.field.error()->text());
        return column;
    }

    void parse_source(ColumnSpec& column, const Pattern& pattern) {
        const std::size_t source_at = at_;
        const std::string source = until(" ,)", "a level or a JSON Pointer");
        if (error_) return;
        if (source.front() == '/') {
            column.field = Field(source);
            return;
        }
        std::size_t level = 0;
        const char* end = source.data() + source.size();
        const auto [stopped, failed] = std::from_chars(source.data(), end, level);
        if (failed != std::errc() || stopped != end) {
            wrong(source_at, "'" + source + "' is neither a level number nor a JSON Pointer");
            return;
        }
        const std::string& levels = pattern.text();
        const auto count = static_cast<std::size_t>(std::count(levels.begin(), levels.end(), '/'));
        if (level > count && levels.find("**") == std::string::npos) {
            wrong(source_at, "level out of range; names of this pattern have levels 0 to " +
                                 std::to_string(count));
        }
        column.field = Field::level(level);
        column.level = level;
        column.type = ColumnType::text;
    }

    void parse_type(ColumnSpec& column) {
        if (error_ || peek() == ',' || peek() == ')' || at_ >= text_.size()) return;
        const std::size_t type_at = at_;
        const std::string type = word("a type");
        if (error_) return;
        const auto* known = std::find_if(type_words.begin(), type_words.end(),
                                         [&](const auto& w) { return is_same_word(w.word, type); });
        if (known == type_words.end()) {
            wrong(type_at, "'" + type + "' is not a type; use INTEGER, REAL, TEXT or BOOLEAN");
        } else if (column.level && known->type != ColumnType::text) {
            wrong(type_at, "a level is always TEXT; use CAST in the query");
        } else {
            column.type = known->type;
        }
    }

    static bool has(const TableSpec& table, std::string_view label) {
        return std::any_of(table.columns.begin(), table.columns.end(),
                           [&](const ColumnSpec& c) { return is_same_word(c.label, label); });
    }

    /// Escapes a token of a JSON Pointer.
    static std::string escaped(std::string_view label) {
        std::string token;
        for (const char c : label) token += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
        return token;
    }

    std::string word(const char* what) {
        if (error_) return {};
        if (peek() == '"') return quoted();
        const std::size_t begin = at_;
        while (at_ < text_.size() && is_word_character(text_[at_])) ++at_;
        if (at_ == begin) wrong(begin, std::string("expected ") + what);
        return std::string(text_.substr(begin, at_ - begin));
    }

    /// Reads quoted text, or everything up to one of the characters.
    std::string until(const char* stops, const char* what) {
        if (error_) return {};
        if (peek() == '"') return quoted();
        const std::size_t begin = at_;
        while (at_ < text_.size() && std::strchr(stops, text_[at_]) == nullptr) ++at_;
        std::size_t end = at_;
        while (end > begin && is_space(text_[end - 1])) --end;
        if (end == begin) wrong(begin, std::string("expected ") + what);
        return std::string(text_.substr(begin, end - begin));
    }

    std::string quoted() {
        const std::size_t begin = at_++;
        std::string inner;
        for (; at_ < text_.size(); ++at_) {
            if (text_[at_] != '"') {
                inner += text_[at_];
            } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
                inner += text_[++at_];
            } else {
                ++at_;
                if (inner.empty()) wrong(begin, "empty quoted name");
                return inner;
            }
        }
        wrong(begin, "unterminated quoted name");
        return inner;
    }

    void expect(char c, const char* where) {
        if (error_) return;
        skip_spaces();
        if (peek() == c) ++at_;
        else wrong(at_, std::string("expected '") + c + "' " + where);
    }

    static bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n'; }
    void skip_spaces() {
        while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    }
    [[nodiscard]] char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

    Error wrong(std::size_t where, const std::string& what) {
        error_ = Error(Errc::bad_configuration, "table '" + std::string(text_) + "', column " +
                                                    std::to_string(where + 1) + ": " + what);
        return *error_;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::optional<Error> error_;
};

}  // namespace

std::string_view type_name(const ColumnSpec& column) noexcept {
    for (const TypeWord& word : type_words) {
        if (word.type == column.type) return word.word;
    }
    return "";
}

std::string quoted_name(std::string_view name) {
    std::string text = "\"";
    for (const char c : name) text.append(c == '"' ? 2 : 1, c);
    return text + '"';
}

std::string TableSpec::schema() const {
    std::string text = "CREATE TABLE x(";
    for (const ColumnSpec& column : columns) {
        if (text.back() != '(') text += ", ";
        text.append(quoted_name(column.label)).append(" ").append(type_name(column));
        if (column.is_hidden) text += " HIDDEN";
    }
    return text + ")";
}

TableSpec records_table() {
    return {"records", Pattern::parse("**").value(), common_columns(false)};
}

Result<TableSpec> parse_table(std::string_view text) { return Parser(text).parse(); }

}  // namespace ringside::sql
