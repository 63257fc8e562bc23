#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cmath>
#include <ctime>
#include <filesystem>
#include <memory>

#include "tools/ringside/offline.hpp"
#include "tools/ringside/query/query_options.hpp"
#include "tools/ringside/query/row_format.hpp"
#include "tools/ringside/report_page/page.hpp"
#include "tools/support/files.hpp"

namespace ringside::tools {

namespace {

struct ReportArguments {
    QueryOptions options;
    std::string file;
    std::string format;
    std::string output;
};

ReportTable::Cell cell_of(const sql::Cell& cell) {
    ReportTable::Cell found{plain_text(cell)};
    if (const auto* number = std::get_if<std::int64_t>(&cell)) {
        found.number = static_cast<double>(*number);
    } else if (const auto* real = std::get_if<double>(&cell); real && std::isfinite(*real)) {
        found.number = *real;
        found.text = fmt::format("{:.10g}", *real);
    }
    return found;
}

/// Throws ringside::Exception.
ReportTable run(sql::Database& database, const std::string& query) {
    sql::Statement statement = database.query(query).value();
    ReportTable table;
    table.columns.assign(statement.columns().begin(), statement.columns().end());
    for (auto row = statement.next().value(); row; row = statement.next().value()) {
        auto& cells = table.rows.emplace_back();
        for (const sql::Cell& cell : *row) cells.push_back(cell_of(cell));
    }
    return table;
}

PageSection section_of(sql::Database& database, const ReportQuery& query, std::size_t number) {
    try {
        PageSection section{query.name, query.paragraphs, {}, {}, run(database, query.statement)};
        if (query.chart && !section.table.rows.empty()) {
            const std::string id = "chart-" + std::to_string(number);
            const auto drawn = [&](const std::string& own_id, ChartSize size) {
                return draw_chart(*query.chart, section.table, query.name, own_id, size).value();
            };
            section.chart = drawn(id, ChartSize::wide);
            section.narrow_chart = drawn(id + "-narrow", ChartSize::narrow);
        }
        return section;
    } catch (const Exception& failure) {
        throw Exception(
            Error(failure.error().code, fmt::format("'{}' (line {} of the file): {}", query.name,
                                                    query.line, failure.error().detail)));
    }
}

std::string now_text() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[64];
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
    return text;
}

void write_page(const std::string& text, const std::string& path) {
    if (path.empty() || path == "-") return print_line(text.substr(0, text.size() - 1));
    write_whole_file(path, text).value();
}

/// Throws ringside::Exception (bad_usage).
std::string format_of(const ReportArguments& arguments) {
    if (!arguments.format.empty()) return arguments.format;
    const std::string extension = std::filesystem::path(arguments.output).extension();
    if (extension == ".html" || extension == ".htm") return "html";
    if (extension.empty() || extension == ".md" || extension == ".markdown") return "markdown";
    throw Exception(Error(Errc::bad_usage, "--output: unknown extension '" + extension +
                                               "'; use .html or .md, or --format"));
}

void report(const Context& context, ReportArguments arguments) {
    const std::string format = format_of(arguments);
    const std::string title = std::filesystem::path(arguments.file).stem();
    const ReportFile file =
        ReportFile::parse(read_file(arguments.file), title == "-" ? "Report" : title).value();
    for (const std::string& table : file.tables) arguments.options.tables.push_back(table);
    const Client client = attach_to_read(context);
    sql::Database database = arguments.options.open(client);
    Page page{file.title, context.grid, database.revision(), now_text(), file.paragraphs, {}};
    for (const ReportQuery& query : file.queries) {
        page.sections.push_back(section_of(database, query, page.sections.size() + 1));
    }
    write_page(format == "html" ? as_html(page) : as_markdown(page), arguments.output);
}

}  // namespace

void add_report_command(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<ReportArguments>();
    arguments->options.row_limit = limits::report_rows_default;
    CLI::App* command = app.add_subcommand(
        "report", "Run a file of named queries on one snapshot and write a page");
    command->add_option("file", arguments->file, "File, or - for standard input")->required();
    arguments->options.add_to(*command);
    add_offline_flag(*command, context);
    command
        ->add_option("-f,--format", arguments->format,
                     "markdown or html (default: from the extension of --output)")
        ->check(CLI::IsMember({"markdown", "html"}));
    command->add_option("-o,--output", arguments->output, "Output file (default: standard output)");
    command->footer(
        "Directives in the file: -- title: T, -- table: TABLE, -- text: WORDS, and before a\n"
        "statement -- name: N and -- chart: bar|line x=COLUMN y=COLUMN[,COLUMN].\n"
        "Example: ringside report onsale.sql --output onsale.html");
    command->callback([&context, arguments] { report(context, *arguments); });
}

}  // namespace ringside::tools
