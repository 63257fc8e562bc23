#include <unistd.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <memory>

#include "ringside/sql_live.hpp"
#include "shm/base/option_number.hpp"
#include "tools/ringside/offline.hpp"
#include "tools/ringside/query/interruptible.hpp"
#include "tools/ringside/query/live_run.hpp"
#include "tools/ringside/query/prompt.hpp"
#include "tools/ringside/query/query_options.hpp"
#include "tools/ringside/query/query_run.hpp"

namespace ringside::tools {

namespace {

struct QueryArguments {
    QueryOptions options;
    std::string statement;
    RowStyle style;
    std::string output;
    bool explains = false;
    bool is_live = false;
    std::uint64_t count = 0;
};

bool is_blank(std::string_view text) noexcept {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

void run(Context& context, sql::Database& database, const QueryArguments& arguments,
         std::string_view statement, RowOutput& output) {
    try {
        if (arguments.explains) print_text(database.explain(statement).value());
        else run_query(database, statement, arguments.style, output);
    } catch (const Exception& failure) {
        if (failure.error() == Errc::output_failed) throw;
        flush_output();
        complain_about(failure.error(), statement, database.error_offset());
        context.status = status_of(failure.error().code);
    }
}

/// Runs statements in order on one snapshot, until one fails.
void run_all(Context& context, sql::Database& database, const QueryArguments& arguments,
             std::string_view text, RowOutput& output) {
    while (!is_blank(text) && context.status == ExitStatus::done) {
        const std::size_t bytes = sql::statement_bytes(text).value_or(text.size());
        run(context, database, arguments, text.substr(0, bytes), output);
        text.remove_prefix(bytes);
    }
}

void query_live(Context& context, const Client& client, const QueryArguments& arguments) {
    const std::string text = argument_or_input(arguments.statement);
    std::optional<std::size_t> offset;
    auto description =
        sql::live_query_spec(text, {.tables = arguments.options.declared_tables()}, &offset);
    if (description) {
        return run_live(client, *std::move(description), arguments.style.format, arguments.count);
    }
    complain_about(description.error(), text, offset);
    context.status = status_of(description.error().code);
}

/// The format for a file, by its extension. Throws ringside::Exception (bad_usage).
std::string format_of_file(const std::string& path) {
    const std::string extension = std::filesystem::path(path).extension();
    if (extension == ".csv") return "csv";
    if (extension == ".json") return "json";
    if (extension == ".jsonl" || extension == ".ndjson") return "jsonl";
    throw Exception(Error(Errc::bad_usage, "--output: unknown extension '" + extension +
                                               "'; use .csv, .json or .jsonl, or give --format"));
}

/// Runs the statements of the arguments or of standard input. An output file is replaced if all
/// succeed.
void run_to_output(Context& context, const Client& client, const QueryArguments& arguments) {
    const bool is_argument = !arguments.statement.empty() && arguments.statement != "-";
    const std::string text = is_argument ? arguments.statement : read_file("-");
    sql::Database database = arguments.options.open(client);
    const auto run_text = [&](RowOutput& output) {
        if (is_argument) run(context, database, arguments, text, output);
        else run_all(context, database, arguments, text, output);
    };
    if (arguments.output.empty() || arguments.output == "-") {
        StandardRowOutput output;
        return run_text(output);
    }
    // An interrupt must not leave the unfinished file behind.
    catch_query_interrupts();
    const Interruptible interruptible(database);
    FileRowOutput output(OutputFile::open(arguments.output).value());
    run_text(output);
    if (context.status == ExitStatus::done) output.finish();
}

void query(Context& context, QueryArguments& arguments) {
    std::string& format = arguments.style.format;
    const bool has_file = !arguments.output.empty() && arguments.output != "-";
    if (format.empty() && has_file) format = format_of_file(arguments.output);
    if (format.empty()) format = isatty(STDOUT_FILENO) != 0 ? "table" : "jsonl";
    if (arguments.is_live && (format == "json" || format == "line")) {
        throw Exception(
            Error(Errc::bad_usage, "--live has the formats table, csv and jsonl, not " + format));
    }
    const Client client = attach_to_read(context);
    if (arguments.is_live) return query_live(context, client, arguments);
    const bool is_prompt =
        arguments.statement.empty() && arguments.output.empty() && isatty(STDIN_FILENO) != 0;
    if (is_prompt) return run_prompt(client, arguments.options, arguments.style);
    run_to_output(context, client, arguments);
}

void export_rows(Context& context, QueryArguments& arguments) {
    std::string& format = arguments.style.format;
    const bool has_file = !arguments.output.empty() && arguments.output != "-";
    if (format.empty()) format = has_file ? format_of_file(arguments.output) : "csv";
    const Client client = attach_to_read(context);
    run_to_output(context, client, arguments);
}

void add_export_command(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<QueryArguments>();
    CLI::App* command = app.add_subcommand(
        "export", "Write the rows of a query for spreadsheets and other programs, as CSV");
    command->add_option("sql", arguments->statement, "Statement; - reads standard input")
        ->required();
    arguments->options.add_to(*command);
    add_offline_flag(*command, context);
    command
        ->add_option("-f,--format", arguments->style.format,
                     "csv, json or jsonl; by default as the extension of --output, else csv")
        ->check(CLI::IsMember({"csv", "json", "jsonl"}));
    command->add_option("-o,--output", arguments->output,
                        "File to write, replaced if the query succeeds; - or none: standard "
                        "output");
    command->footer(
        "Example: ringside export --output sold.csv --table 'seats=event/*/seat/*(event:1, "
        "status)'\n"
        "  \"SELECT event, count(*) AS sold FROM seats WHERE status = 'sold' GROUP BY event\"");
    command->callback([&context, arguments] { export_rows(context, *arguments); });
}

}  // namespace

void add_query_command(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<QueryArguments>();
    CLI::App* command =
        app.add_subcommand("query", "Run SQL (SQLite's SELECT) on a snapshot, or open a prompt");
    auto* statement = command->add_option("sql", arguments->statement,
                                          "Statement; - or nothing reads standard input");
    arguments->options.add_to(*command);
    command
        ->add_option("-f,--format", arguments->style.format,
                     "table, csv, json (an array), jsonl or line; by default as the extension of "
                     "--output, else table on a terminal and jsonl elsewhere")
        ->check(CLI::IsMember({"table", "csv", "json", "jsonl", "line"}));
    auto* output = command->add_option("-o,--output", arguments->output,
                                       "File to write, replaced if all statements succeed");
    command->add_flag("--wide", arguments->style.is_wide,
                      "Do not cut long values of a table to the width of the terminal");
    command->add_flag("--explain", arguments->explains,
                      "Show the query plan instead of running it");
    auto* live = command->add_flag("--live", arguments->is_live,
                                   "Print all rows, then each change of the result; the statement "
                                   "is SELECT … FROM a table [WHERE …] [GROUP BY …]");
    live->needs(statement);
    live->excludes(output);
    output->excludes(command->get_option("--explain"));
    add_offline_flag(*command, context);
    for (const char* other :
         {"--at", "--limit", "--timeout", "--lease", "--explain", "--offline"}) {
        live->excludes(command->get_option(other));
    }
    command->add_option("--count", arguments->count, "Exit after N changes")
        ->check(whole_number(1))
        ->needs(live);
    command->footer(
        "Tables: records(name, revision, version, updated, document) and the declared tables.\n"
        "Example: ringside query \"SELECT document ->> 'status' AS status, count(*) FROM records\n"
        "  WHERE name GLOB 'event/42/seat/*' GROUP BY status\"\n"
        "Live: ringside query --live --table 'seats=event/*/seat/*(event:1, status)'\n"
        "  \"SELECT status, count(*) FROM seats WHERE event = '42' GROUP BY status\"");
    command->callback([&context, arguments] { query(context, *arguments); });
    add_export_command(app, context);
}

}  // namespace ringside::tools
