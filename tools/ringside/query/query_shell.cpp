#include "tools/ringside/query/query_shell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <sstream>

#include "tools/ringside/query/interruptible.hpp"
#include "tools/ringside/query/row_format.hpp"

namespace ringside::tools {

namespace {

/// Maximum depth of files that read files. Errc::bad_usage above it.
constexpr std::size_t read_depth_max = 8;

std::string trimmed_argument(const std::string& text) {
    const std::size_t begin = text.find_first_not_of(" \t\r");
    if (begin == std::string::npos) return {};
    std::string argument = text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
    const char first = argument.front();
    const bool is_quoted =
        argument.size() >= 2 && (first == '"' || first == '\'') && argument.back() == first;
    return is_quoted ? argument.substr(1, argument.size() - 2) : argument;
}

std::string columns_text(const sql::Table& table) {
    std::string columns;
    for (const sql::Column& column : table.columns) {
        columns += fmt::format("{}{}{}{}", columns.empty() ? "" : ", ", column.name,
                               column.type.empty() ? "" : " ", column.type);
    }
    return columns;
}

}  // namespace

struct QueryShell::Command {
    const char* name;
    const char* argument;  ///< as help shows it
    const char* effect;
    void (QueryShell::*run)(const std::string& argument);  ///< null: the shell ends
};

const std::vector<QueryShell::Command>& QueryShell::command_table() {
    static const std::vector<Command> table{
        {".explain", "SQL", "Show the query plan of a statement", &QueryShell::explain},
        {".help", "", "Show this text", &QueryShell::help},
        {".mode", "[NAME]", "Show or set the output format: table, csv, json, jsonl, line",
         &QueryShell::set_mode},
        {".output", "[FILE]", "Write rows to a file; without FILE, to the terminal again",
         &QueryShell::set_output},
        {".quit", "", "End, as Ctrl-D does", nullptr},
        {".read", "FILE", "Run the statements and commands of a file", &QueryShell::read},
        {".schema", "[TABLE]", "Show patterns and columns of the tables", &QueryShell::show_schema},
        {".tables", "", "List the tables", &QueryShell::show_tables},
        {".width", "[N]", "Cut tables to N columns; 'full' cuts nothing, 'auto' uses the terminal",
         &QueryShell::set_width},
    };
    return table;
}

const std::vector<std::string>& QueryShell::commands() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const Command& command : command_table()) all.emplace_back(command.name);
        return all;
    }();
    return names;
}

QueryShell::QueryShell(const Client& client, const QueryOptions& options, RowStyle style,
                       std::function<void(const std::string&)> remember)
    : client_(client), options_(options), style_(std::move(style)), remember_(std::move(remember)) {
    catch_query_interrupts();
}

QueryShell::~QueryShell() = default;

RowOutput& QueryShell::output() noexcept {
    if (file_ != nullptr) return *file_;
    return standard_output_;
}

bool QueryShell::take(const std::string& line) {
    if (pending_.empty() && trimmed_argument(line).starts_with("--")) return true;
    if (!pending_.empty() || !line.starts_with('.')) take_part(line);
    else return obey(line);
    return !has_ended_;
}

void QueryShell::take_part(const std::string& line) {
    pending_ += line + '\n';
    while (const auto bytes = sql::statement_bytes(pending_)) {
        const std::string statement = pending_.substr(0, *bytes);
        pending_.erase(0, *bytes);
        if (read_depth_ == 0) remember_(statement);
        run_statement(statement);
        if (has_failed_ && read_depth_ > 0) return;
    }
    if (pending_.find_first_not_of(" \t\r\n") == std::string::npos) pending_.clear();
}

void QueryShell::run_statement(const std::string& statement) {
    with_database(
        [&](sql::Database& database) {
            const auto begin = std::chrono::steady_clock::now();
            const std::uint64_t rows = run_query(database, statement, style_, output());
            const std::chrono::duration<double, std::milli> time =
                std::chrono::steady_clock::now() - begin;
            output().flush();
            print_line(fmt::format("({} row{}, revision {}, {:.1f} ms)", rows, rows == 1 ? "" : "s",
                                   database.revision(), time.count()));
        },
        statement);
}

void QueryShell::with_database(const std::function<void(sql::Database&)>& step,
                               const std::string& statement) {
    std::optional<sql::Database> database;
    try {
        database.emplace(options_.open(client_));
        const Interruptible interruptible(*database);
        step(*database);
    } catch (const Exception& failure) {
        const bool is_output = failure.error() == Errc::output_failed;
        if (is_output && file_ == nullptr) throw;
        if (is_output) file_.reset();
        flush_output();
        has_failed_ = true;
        if (database && !is_output) {
            complain_about(failure.error(), statement, database->error_offset());
        } else {
            complain(failure.error());
        }
    }
    flush_output();
}

void QueryShell::fail(const Error& error) {
    has_failed_ = true;
    flush_output();
    complain(error);
}

void QueryShell::refuse(const std::string& what) { fail(Error(Errc::bad_usage, what)); }

bool QueryShell::obey(const std::string& line) {
    if (read_depth_ == 0) remember_(line);
    const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    std::string word = line.substr(0, end);
    if (word == ".exit") word = ".quit";
    if (word == ".format") word = ".mode";
    const std::string argument = trimmed_argument(line.substr(end));
    const auto& table = command_table();
    const auto found =
        std::ranges::find_if(table, [&](const Command& command) { return word == command.name; });
    if (found == table.end()) refuse("unknown command '" + word + "'; see .help");
    else if (found->run == nullptr) has_ended_ = true;
    else (this->*found->run)(argument);
    return !has_ended_;
}

void QueryShell::show_tables(const std::string&) {
    with_database(
        [](sql::Database& database) {
            for (const sql::Table& table : database.tables()) print_text(table.name);
        },
        "");
}

void QueryShell::show_schema(const std::string& argument) {
    with_database(
        [&](sql::Database& database) {
            bool is_known = argument.empty();
            for (const sql::Table& table : database.tables()) {
                if (!argument.empty() && table.name != argument) continue;
                is_known = true;
                print_text(
                    fmt::format("{}={}({})", table.name, table.pattern, columns_text(table)));
            }
            if (!is_known) refuse("unknown table '" + argument + "'; see .tables");
        },
        "");
}

void QueryShell::set_mode(const std::string& argument) {
    if (argument.empty()) return print_line(style_.format, true);
    const auto formats = row_formats();
    if (std::find(formats.begin(), formats.end(), argument) == formats.end()) {
        return refuse("unknown format '" + argument + "'; use table, csv, json, jsonl or line");
    }
    style_.format = argument;
}

void QueryShell::set_width(const std::string& argument) {
    if (argument.empty()) {
        const std::string width = style_.is_wide ? "full"
                                  : style_.width ? std::to_string(*style_.width)
                                                 : "auto";
        return print_line(width, true);
    }
    std::size_t width = 0;
    const char* end = argument.data() + argument.size();
    const auto read = std::from_chars(argument.data(), end, width);
    const bool is_number = read.ec == std::errc() && read.ptr == end && width > 0;
    if (!is_number && argument != "full" && argument != "auto") {
        return refuse("invalid width '" + argument + "'; use a positive number, full or auto");
    }
    style_.is_wide = argument == "full";
    style_.width = is_number ? std::optional(width) : std::nullopt;
}

void QueryShell::close_file() {
    if (const auto file = std::move(file_)) file->finish();
}

void QueryShell::set_output(const std::string& argument) {
    try {
        close_file();
        if (argument.empty() || argument == "-") return;
        file_ = std::make_unique<FileRowOutput>(OutputFile::open_in_place(argument).value());
    } catch (const Exception& failure) {
        fail(failure.error());
    }
}

void QueryShell::read(const std::string& argument) {
    if (argument.empty()) return refuse(".read needs a file");
    if (read_depth_ == read_depth_max) {
        return refuse(fmt::format("more than {} files read each other", read_depth_max));
    }
    std::string text;
    try {
        text = read_file(argument);
    } catch (const Exception& failure) {
        return fail(failure.error());
    }
    ++read_depth_;
    has_failed_ = false;
    std::istringstream lines(text);
    std::size_t number = 0;
    for (std::string line; !has_failed_ && !has_ended_ && std::getline(lines, line);) {
        ++number;
        (void)take(line);
    }
    // The last statement of a file needs no semicolon.
    if (!has_failed_ && !has_ended_ && !pending_.empty()) {
        run_statement(std::exchange(pending_, {}));
    }
    pending_.clear();
    --read_depth_;
    if (has_failed_) {
        complain(Error(Errc::bad_query, fmt::format("{}: stopped at line {}", argument, number)));
    }
}

void QueryShell::explain(const std::string& argument) {
    with_database([&](sql::Database& database) { print_text(database.explain(argument).value()); },
                  argument);
}

void QueryShell::help(const std::string&) {
    print_line("A statement ends with ';' and can have several lines. Ctrl-C ends a running");
    print_line("statement. Tab completes names, keywords and commands.");
    for (const Command& command : command_table()) {
        print_line(fmt::format("  {:<17} {}", fmt::format("{} {}", command.name, command.argument),
                               command.effect));
    }
    flush_output();
}

}  // namespace ringside::tools
