#include "tools/ringside/query/completion.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "tools/ringside/query/query_shell.hpp"
#include "tools/ringside/query/row_format.hpp"

namespace ringside::tools {

namespace {

constexpr std::array keywords{
    "ALL",       "AND",    "AS",      "ASC",     "BETWEEN",   "BY",        "CASE",      "CAST",
    "COLLATE",   "CROSS",  "CURRENT", "DESC",    "DISTINCT",  "ELSE",      "END",       "ESCAPE",
    "EXCEPT",    "EXISTS", "FILTER",  "FIRST",   "FOLLOWING", "FROM",      "FULL",      "GLOB",
    "GROUP",     "HAVING", "IN",      "INNER",   "INTERSECT", "IS",        "JOIN",      "LAST",
    "LEFT",      "LIKE",   "LIMIT",   "NATURAL", "NOT",       "NULL",      "NULLS",     "OFFSET",
    "ON",        "OR",     "ORDER",   "OUTER",   "OVER",      "PARTITION", "PRECEDING", "RANGE",
    "RECURSIVE", "REGEXP", "RIGHT",   "ROWS",    "SELECT",    "THEN",      "UNBOUNDED", "UNION",
    "USING",     "VALUES", "WHEN",    "WHERE",   "WINDOW",    "WITH"};
constexpr std::array functions{"abs(",
                               "avg(",
                               "coalesce(",
                               "count(",
                               "date(",
                               "datetime(",
                               "dense_rank(",
                               "first_value(",
                               "format(",
                               "group_concat(",
                               "hex(",
                               "ifnull(",
                               "iif(",
                               "instr(",
                               "json(",
                               "json_array(",
                               "json_array_length(",
                               "json_each(",
                               "json_extract(",
                               "json_group_array(",
                               "json_group_object(",
                               "json_object(",
                               "json_tree(",
                               "json_type(",
                               "json_valid(",
                               "julianday(",
                               "lag(",
                               "last_value(",
                               "lead(",
                               "length(",
                               "lower(",
                               "ltrim(",
                               "max(",
                               "median(",
                               "min(",
                               "nth_value(",
                               "ntile(",
                               "nullif(",
                               "percent_rank(",
                               "percentile(",
                               "percentile_cont(",
                               "percentile_disc(",
                               "printf(",
                               "quote(",
                               "rank(",
                               "regexp(",
                               "replace(",
                               "round(",
                               "row_number(",
                               "rtrim(",
                               "sign(",
                               "stddev(",
                               "stddev_pop(",
                               "stddev_samp(",
                               "strftime(",
                               "substr(",
                               "sum(",
                               "time(",
                               "total(",
                               "trim(",
                               "typeof(",
                               "unixepoch(",
                               "upper(",
                               "var_pop(",
                               "var_samp(",
                               "variance("};
/// Columns that every table has and `*` omits.
constexpr std::array common_columns{"name", "revision", "version", "updated", "document"};

bool is_word_character(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalnum(byte) != 0 || c == '_' || c == '$' || byte >= 0x80;
}

char lower(char c) noexcept {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

bool begins_with(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() &&
           std::equal(prefix.begin(), prefix.end(), text.begin(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

bool has_lower_case(std::string_view word) {
    return std::any_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

/// Returns a name in the syntax of a statement: in double quotes unless it is a plain word.
std::string in_statement(const std::string& name) {
    const bool is_plain = !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
                          std::all_of(name.begin(), name.end(), is_word_character);
    if (is_plain) return name;
    std::string quoted = "\"";
    for (const char c : name) quoted.append(c == '"' ? 2 : 1, c);
    return quoted + '"';
}

/// Adds the names that begin with the word, as they stand in a statement.
void add_matches(const std::vector<std::string>& names, std::string_view word,
                 std::vector<std::string>& candidates) {
    for (const std::string& name : names) {
        if (begins_with(name, word)) candidates.push_back(in_statement(name));
    }
}

void sort_uniquely(std::vector<std::string>& candidates) {
    std::ranges::sort(candidates);
    candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
}

/// Returns the last word of a text, without the spaces after it.
std::string_view last_word(std::string_view text) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
        text.remove_suffix(1);
    }
    std::size_t begin = text.size();
    while (begin > 0 && is_word_character(text[begin - 1])) --begin;
    return text.substr(begin);
}

}  // namespace

Completion QueryCompletion::operator()(std::string_view line) const {
    Completion completion = line.starts_with('.') ? of_command(line) : of_statement(line);
    sort_uniquely(completion.candidates);
    return completion;
}

std::vector<std::string> QueryCompletion::table_names() const {
    std::vector<std::string> names;
    for (const sql::Table& table : tables_) names.push_back(table.name);
    return names;
}

std::vector<std::string> QueryCompletion::column_names() const {
    std::vector<std::string> names(common_columns.begin(), common_columns.end());
    for (const sql::Table& table : tables_) {
        for (const sql::Column& column : table.columns) names.push_back(column.name);
    }
    return names;
}

Completion QueryCompletion::of_command(std::string_view line) const {
    const std::size_t space = line.find(' ');
    const std::string_view command = line.substr(0, space);
    if (space == std::string_view::npos) {
        Completion completion;
        for (const std::string& name : QueryShell::commands()) {
            if (begins_with(name, command)) completion.candidates.push_back(name);
        }
        return completion;
    }
    if (command == ".explain") return of_statement(line);
    const std::size_t word_at = std::min(line.find_first_not_of(' ', space), line.size());
    const std::string_view word = line.substr(word_at);
    Completion completion{word_at};
    if (command == ".mode") {
        for (const std::string format : row_formats()) {
            if (begins_with(format, word)) completion.candidates.push_back(format);
        }
    }
    if (command == ".schema") {
        for (const std::string& name : table_names()) {
            if (begins_with(name, word)) completion.candidates.push_back(name);
        }
    }
    return completion;
}

Completion QueryCompletion::of_statement(std::string_view line) const {
    std::size_t word_at = line.size();
    while (word_at > 0 && is_word_character(line[word_at - 1])) --word_at;
    const std::string_view word = line.substr(word_at);
    const std::string_view before = line.substr(0, word_at);
    Completion completion{word_at};
    if (before.ends_with('.')) {
        add_matches(column_names(), word, completion.candidates);
        return completion;
    }
    const std::string_view previous = last_word(before);
    const bool is_table = begins_with("FROM", previous) || begins_with("JOIN", previous);
    if (is_table && previous.size() == 4) {
        add_matches(table_names(), word, completion.candidates);
        return completion;
    }
    if (word.empty()) return completion;
    add_matches(table_names(), word, completion.candidates);
    add_matches(column_names(), word, completion.candidates);
    for (const char* function : functions) {
        if (begins_with(function, word)) completion.candidates.emplace_back(function);
    }
    for (std::string keyword : keywords) {
        if (!begins_with(keyword, word)) continue;
        if (has_lower_case(word)) std::ranges::transform(keyword, keyword.begin(), lower);
        completion.candidates.push_back(std::move(keyword));
    }
    return completion;
}

}  // namespace ringside::tools
