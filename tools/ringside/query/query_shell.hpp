#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tools/ringside/query/query_options.hpp"
#include "tools/ringside/query/query_run.hpp"

namespace ringside::tools {

/// Runs the lines of the prompt: statements, each at its own snapshot, and commands that begin with
/// a dot. Failures are reported on standard error and do not end the shell.
/// Thread safety: one thread; one in a process (interrupts end its running statement).
class QueryShell {
public:
    /// `remember` receives each complete statement and command that was typed.
    /// The client and the options must outlive the shell.
    QueryShell(const Client& client, const QueryOptions& options, RowStyle style,
               std::function<void(const std::string&)> remember);
    ~QueryShell();
    QueryShell(const QueryShell&) = delete;
    QueryShell& operator=(const QueryShell&) = delete;

    /// Processes a line. Returns false if the shell must end.
    /// Throws ringside::Exception (output_failed) if standard output cannot be written.
    [[nodiscard]] bool take(const std::string& line);
    /// Whether a statement has begun that is not complete.
    [[nodiscard]] bool is_in_statement() const noexcept { return !pending_.empty(); }
    /// Discards the statement that has begun.
    void abandon_statement() noexcept { pending_.clear(); }

    /// Names of the commands: ".help", ….
    [[nodiscard]] static const std::vector<std::string>& commands();

private:
    struct Command;
    static const std::vector<Command>& command_table();

    void take_part(const std::string& line);
    void run_statement(const std::string& statement);
    /// Runs a step on a new snapshot, and reports failures.
    void with_database(const std::function<void(sql::Database&)>& step,
                       const std::string& statement);
    [[nodiscard]] bool obey(const std::string& line);
    void refuse(const std::string& what);
    void fail(const Error& error);

    void show_tables(const std::string& argument);
    void show_schema(const std::string& argument);
    void set_mode(const std::string& argument);
    void set_width(const std::string& argument);
    void set_output(const std::string& argument);
    void read(const std::string& argument);
    void explain(const std::string& argument);
    void help(const std::string& argument);

    [[nodiscard]] RowOutput& output() noexcept;
    void close_file();

    const Client& client_;
    const QueryOptions& options_;
    RowStyle style_;
    std::function<void(const std::string&)> remember_;
    StandardRowOutput standard_output_;
    std::unique_ptr<FileRowOutput> file_;  ///< null: standard output
    std::string pending_;
    bool has_failed_ = false;  ///< a statement or command, since it was reset
    bool has_ended_ = false;   ///< .quit was given
    std::size_t read_depth_ = 0;
};

}  // namespace ringside::tools
