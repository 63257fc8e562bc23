#include <unistd.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "ringside/sql_live.hpp"
#include "tools/ringside/offline.hpp"
#include "tools/ringside/query/live_run.hpp"
#include "tools/ringside/query/prompt.hpp"
#include "tools/ringside/query/query_options.hpp"
#include "tools/ringside/query/query_run.hpp"

namespace ringside::tools {

namespace {

struct QueryArguments {
    QueryOptions options;
    std::string statement;
    std::string format;
    bool explains = false;
    bool is_live = false;
    std::uint64_t count = 0;
};

bool is_blank(std::string_view text) noexcept {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

void run(Context& context, sql::Database& database, const QueryArguments& arguments,
         std::string_view statement) {
    try {
        if (arguments.explains) print_text(database.explain(statement).value());
        else run_query(database, statement, arguments.format);
    } catch (const Exception& failure) {
        if (failure.error() == Errc::output_failed) throw;
        flush_output();
        complain_about(failure.error(), statement, database.error_offset());
        context.status = status_of(failure.error().code);
    }
}

/// Statements one after the other, all at one snapshot, until one fails.
void run_all(Context& context, sql::Database& database, const QueryArguments& arguments,
             std::string_view text) {
    while (!is_blank(text) && context.status == ExitStatus::done) {
        const std::size_t bytes = sql::statement_bytes(text).value_or(text.size());
        run(context, database, arguments, text.substr(0, bytes));
        text.remove_prefix(bytes);
    }
}

void query_live(Context& context, const Client& client, const QueryArguments& arguments) {
    const std::string text = argument_or_input(arguments.statement);
    std::optional<std::size_t> offset;
    auto description =
        sql::live_description(text, {.tables = arguments.options.declared_tables()}, &offset);
    if (description)
        return run_live(client, *std::move(description), arguments.format, arguments.count);
    complain_about(description.error(), text, offset);
    context.status = status_of(description.error().code);
}

void query(Context& context, QueryArguments& arguments) {
    const bool is_terminal = isatty(STDOUT_FILENO) != 0;
    if (arguments.format.empty()) arguments.format = is_terminal ? "table" : "jsonl";
    const Client client = attach_to_read(context);
    if (arguments.is_live) return query_live(context, client, arguments);
    if (!arguments.statement.empty() && arguments.statement != "-") {
        sql::Database database = arguments.options.open(client);
        return run(context, database, arguments, arguments.statement);
    }
    if (arguments.statement.empty() && isatty(STDIN_FILENO) != 0) {
        return run_prompt(client, arguments.options, arguments.format);
    }
    const std::string text = read_file("-");
    sql::Database database = arguments.options.open(client);
    run_all(context, database, arguments, text);
}

}  // namespace

void add_query_command(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<QueryArguments>();
    CLI::App* command = app.add_subcommand(
        "query", "Run SQL (SQLite's SELECT) over a snapshot; without a statement, show a prompt");
    auto* statement = command->add_option("sql", arguments->statement,
                                          "A statement; - or none: those of standard input");
    arguments->options.add_to(*command);
    command
        ->add_option("-f,--format", arguments->format,
                     "table, csv or jsonl; by default table on a terminal, jsonl elsewhere")
        ->check(CLI::IsMember({"table", "csv", "jsonl"}));
    command->add_flag("--explain", arguments->explains, "Say how it would be run instead");
    auto* live = command->add_flag(
        "--live", arguments->is_live,
        "Keep the result of one statement up to date: SELECT … FROM a table [WHERE …] "
        "[GROUP BY …]; first all rows, then what becomes of them");
    live->needs(statement);
    add_offline_flag(*command, context);
    for (const char* other :
         {"--at", "--limit", "--timeout", "--lease", "--explain", "--offline"}) {
        live->excludes(command->get_option(other));
    }
    command->add_option("--count", arguments->count, "With --live: end after so many changes")
        ->needs(live);
    command->footer(
        "Tables: records(name, revision, version, updated, document) and those declared.\n"
        "Example: ringside query \"SELECT document ->> 'status' AS status, count(*) FROM records\n"
        "  WHERE name GLOB 'event/42/seat/*' GROUP BY status\"\n"
        "Live: ringside query --live --table 'seats=event/*/seat/*(event:1, status)'\n"
        "  \"SELECT status, count(*) FROM seats WHERE event = '42' GROUP BY status\"");
    command->callback([&context, arguments] { query(context, *arguments); });
}

}  // namespace ringside::tools
