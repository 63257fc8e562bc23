#include "tools/ringside/query/prompt.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <optional>

#include "tools/ringside/query/line_editor.hpp"
#include "tools/ringside/query/query_run.hpp"

namespace ringside::tools {

namespace {

constexpr const char* help =
    "A statement ends with ';' and may have several lines. Ctrl-C ends one that runs.\n"
    "  .tables         the tables\n"
    "  .schema         the tables with their patterns and columns\n"
    "  .format NAME    table, csv or jsonl\n"
    "  .explain SQL    how a statement would be run\n"
    "  .quit           ends, as Ctrl-D does";

/// What an interrupt ends; null: nothing runs.
std::atomic<sql::Database*> running = nullptr;
static_assert(std::atomic<sql::Database*>::is_always_lock_free);

void interrupt_running(int) {
    if (sql::Database* database = running.load()) database->interrupt();
}

/// Interrupts go to the database while this is there.
class Interruptible {
public:
    explicit Interruptible(sql::Database& database) { running.store(&database); }
    ~Interruptible() { running.store(nullptr); }
    Interruptible(const Interruptible&) = delete;
    Interruptible& operator=(const Interruptible&) = delete;
};

class Prompt {
public:
    Prompt(const Client& client, const QueryOptions& options, std::string format)
        : client_(client), options_(options), format_(std::move(format)) {}

    void run() {
        print_line(fmt::format("Grid {}. SQL ends with ';', .help tells more.", client_.grid()));
        for (;;) {
            const auto line = editor_.read(pending_.empty() ? "ringside> " : "     ...> ");
            if (line.what == LineEditor::What::end) return;
            if (line.what == LineEditor::What::interrupt) {
                pending_.clear();
                continue;
            }
            if (pending_.empty() && line.text.starts_with('.')) {
                editor_.remember(line.text);
                if (!obey(line.text)) return;
                continue;
            }
            take(line.text);
        }
    }

private:
    void take(const std::string& line) {
        pending_ += line + '\n';
        while (const auto bytes = sql::statement_bytes(pending_)) {
            const std::string statement = pending_.substr(0, *bytes);
            pending_.erase(0, *bytes);
            editor_.remember(statement);
            run_statement(statement);
        }
        if (pending_.find_first_not_of(" \t\n") == std::string::npos) pending_.clear();
    }

    void run_statement(const std::string& statement) {
        with_database(
            [&](sql::Database& database) {
                const auto begun = std::chrono::steady_clock::now();
                const std::uint64_t rows = run_query(database, statement, format_);
                const std::chrono::duration<double, std::milli> took =
                    std::chrono::steady_clock::now() - begun;
                print_line(fmt::format("({} row{}, revision {}, {:.1f} ms)", rows,
                                       rows == 1 ? "" : "s", database.revision(), took.count()));
            },
            statement);
    }

    /// Runs a step on a fresh snapshot; what fails is told.
    template <class Run>
    void with_database(Run step, const std::string& statement) {
        std::optional<sql::Database> database;
        try {
            database.emplace(options_.open(client_));
            const Interruptible interruptible(*database);
            step(*database);
        } catch (const Exception& failure) {
            if (failure.error() == Errc::output_failed) throw;
            flush_output();
            if (database) complain_about(failure.error(), statement, database->error_offset());
            else complain(failure.error());
        }
        flush_output();
    }

    /// False: to end.
    bool obey(const std::string& line) {
        const std::size_t space = line.find(' ');
        const std::string word = line.substr(0, space);
        const std::size_t rest_at = line.find_first_not_of(' ', std::min(space, line.size()));
        const std::string rest = rest_at == std::string::npos ? "" : line.substr(rest_at);
        if (word == ".quit" || word == ".exit") return false;
        if (word == ".tables") show_tables(false);
        else if (word == ".schema") show_tables(true);
        else if (word == ".explain") explain(rest);
        else if (word == ".help") print_line(help);
        else if (word == ".format" && (rest == "table" || rest == "csv" || rest == "jsonl"))
            format_ = rest;
        else print_text("'" + line + "' is not known: see .help");
        return true;
    }

    void explain(const std::string& statement) {
        with_database(
            [&](sql::Database& database) { print_text(database.explain(statement).value()); },
            statement);
    }

    void show_tables(bool with_columns) {
        with_database(
            [&](sql::Database& database) {
                for (const sql::Table& table : database.tables()) {
                    std::string columns;
                    for (const sql::Column& column : table.columns) {
                        columns += fmt::format("{}{}{}{}", columns.empty() ? "" : ", ", column.name,
                                               column.type.empty() ? "" : " ", column.type);
                    }
                    const std::string line =
                        with_columns ? fmt::format("{}={}({})", table.name, table.pattern, columns)
                                     : table.name;
                    print_text(line);
                }
            },
            "");
    }

    const Client& client_;
    const QueryOptions& options_;
    std::string format_;
    LineEditor editor_{"query_history"};
    std::string pending_;
};

}  // namespace

void run_prompt(const Client& client, const QueryOptions& options, const std::string& format) {
    struct sigaction action {};
    action.sa_handler = interrupt_running;  // without SA_RESTART: it ends a read of the terminal
    sigaction(SIGINT, &action, nullptr);
    Prompt(client, options, format).run();
}

}  // namespace ringside::tools
