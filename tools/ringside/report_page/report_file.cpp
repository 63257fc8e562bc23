#include "tools/ringside/report_page/report_file.hpp"

#include <algorithm>

#include "ringside/sql.hpp"

namespace ringside::tools {

namespace {

std::string_view trimmed(std::string_view text) noexcept {
    const std::size_t begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

struct Directive {
    std::string_view word;
    std::string_view value;
};

/// Parses `-- word: value` if the word is one of ours.
std::optional<Directive> directive_of(std::string_view line) noexcept {
    line = trimmed(line);
    if (!line.starts_with("--")) return std::nullopt;
    line = trimmed(line.substr(2));
    for (const std::string_view word : {"title", "table", "text", "name", "chart"}) {
        if (line.starts_with(word) && line.substr(word.size()).starts_with(':')) {
            return Directive{word, trimmed(line.substr(word.size() + 1))};
        }
    }
    return std::nullopt;
}

class Parser {
public:
    Parser(std::string_view text, const std::string& title) : rest_(text) { file_.title = title; }

    Result<ReportFile> parse() {
        while (!rest_.empty() && !error_) step();
        if (!error_ && is_open_) wrong("no statement after '-- name:'");
        if (!error_ && file_.queries.empty()) wrong("no query in the file");
        if (error_) return *error_;
        return std::move(file_);
    }

private:
    /// Reads a directive line, or a statement of several lines.
    void step() {
        const std::size_t end = rest_.find('\n');
        const std::string_view line = rest_.substr(0, end);
        const std::string_view content = trimmed(line);
        if (const auto directive = directive_of(line)) obey(*directive);
        else if (!content.empty() && !content.starts_with("--")) return take_statement();
        skip(end == std::string_view::npos ? rest_.size() : end + 1);
    }

    void skip(std::size_t bytes) {
        const std::string_view skipped = rest_.substr(0, bytes);
        line_ += static_cast<std::size_t>(std::count(skipped.begin(), skipped.end(), '\n'));
        rest_.remove_prefix(bytes);
    }

    void take_statement() {
        const auto bytes = sql::statement_bytes(rest_);
        if (!bytes) return wrong("statement does not end with ';'");
        ReportQuery& query = open_query();
        query.statement = rest_.substr(0, *bytes);
        query.line = line_;
        is_open_ = false;
        skip(*bytes);
    }

    ReportQuery& open_query() {
        if (!is_open_) {
            file_.queries.push_back({"Query " + std::to_string(file_.queries.size() + 1)});
        }
        is_open_ = true;
        return file_.queries.back();
    }

    void obey(const Directive& directive) {
        const std::string value(directive.value);
        const bool is_at_top = file_.queries.empty();
        if (value.empty()) return wrong("no value after '" + std::string(directive.word) + ":'");
        if (directive.word == "title") file_.title = value;
        else if (directive.word == "table") file_.tables.push_back(value);
        else if (directive.word == "name") begin_query(value);
        else if (directive.word == "chart") read_chart(directive.value);
        else if (is_at_top) file_.paragraphs.push_back(value);
        else open_query().paragraphs.push_back(value);
    }

    void begin_query(const std::string& name) {
        if (is_open_) return wrong("no statement after the previous '-- name:'");
        open_query().name = name;
    }

    /// Parses `bar x=section y=sold,held`.
    void read_chart(std::string_view text) {
        ChartSpec chart;
        const std::size_t space = std::min(text.find(' '), text.size());
        const std::string_view kind = text.substr(0, space);
        if (kind != "bar" && kind != "line") return wrong("unknown kind of chart; use bar or line");
        if (kind == "line") chart.kind = ChartSpec::Kind::line;
        std::string_view rest = trimmed(text.substr(space));
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find(' '), rest.size());
            const std::string_view option = rest.substr(0, end);
            if (option.starts_with("x=")) chart.x = option.substr(2);
            else if (option.starts_with("y=")) split(option.substr(2), chart.y);
            else return wrong("invalid chart; write x=COLUMN y=COLUMN[,COLUMN…]");
            rest = trimmed(rest.substr(end));
        }
        if (chart.x.empty() || chart.y.empty()) {
            return wrong("invalid chart; write x=COLUMN y=COLUMN[,COLUMN…]");
        }
        open_query().chart = std::move(chart);
    }

    static void split(std::string_view text, std::vector<std::string>& parts) {
        while (!text.empty()) {
            const std::size_t end = std::min(text.find(','), text.size());
            if (end > 0) parts.emplace_back(text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
        }
    }

    void wrong(const std::string& what) {
        error_ = Error(Errc::bad_configuration, "line " + std::to_string(line_) + ": " + what);
    }

    std::string_view rest_;
    std::size_t line_ = 1;
    bool is_open_ = false;  ///< a query without a statement yet
    ReportFile file_;
    std::optional<Error> error_;
};

}  // namespace

Result<ReportFile> ReportFile::parse(std::string_view text, const std::string& default_title) {
    return Parser(text, default_title).parse();
}

}  // namespace ringside::tools
