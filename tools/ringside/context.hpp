#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "ringside/client.hpp"
#include "shm/base/limits.hpp"
#include "tools/ringside/output.hpp"

namespace CLI {
class App;
}

namespace ringside::tools {

/// How a command ends.
enum class ExitStatus : int {
    done = 0,
    not_so = 1,   ///< not found, or a condition was not met
    usage = 2,    ///< wrong arguments or input
    no_grid = 3,  ///< no such grid, or no broker
    refused = 4,  ///< by role, limit or a full grid; output that cannot be written
    failed = 5,   ///< a call ended with a failure
};

/// State that every command shares. Set up by main, then passed to the selected command.
struct Context {
    std::string grid = "default";
    ExitStatus status = ExitStatus::done;
    bool is_offline = false;  ///< --offline, see tools/ringside/offline.hpp

    /// Attaches to the grid. Throws ringside::Exception.
    [[nodiscard]] Client attach() const;
};

[[nodiscard]] ExitStatus status_of(Errc code) noexcept;

/// Writes an error to standard error as `ringside: CODE: …`, with control characters escaped.
void complain(const Error& error);

/// Returns `text`, or all of standard input when it is "-". Throws ringside::Exception
/// (file_unreadable).
[[nodiscard]] std::string argument_or_input(const std::string& text);

/// Reads a whole file, or standard input for "-". Throws ringside::Exception (file_unreadable).
[[nodiscard]] std::string read_file(const std::string& path);

/// Parses the value of an option: "500ms", "30s", "5m", "2h", "1d"; more than zero. Throws
/// ringside::Exception (`otherwise`).
[[nodiscard]] std::chrono::milliseconds parse_duration(std::string_view option,
                                                       std::string_view text, Errc otherwise);

/// Appends `"key":"text"`, escaped.
void append_member(std::string& out, std::string_view key, std::string_view text);
/// Appends `"key":number`.
void append_member(std::string& out, std::string_view key, std::uint64_t number);
/// Appends `"key":value`.
void append_member(std::string& out, std::string_view key, const Value& value);

/// The second function returns whether SIGINT or SIGTERM has arrived since `catch_interrupts`.
void catch_interrupts();
[[nodiscard]] bool is_interrupted() noexcept;

// Each adds its commands to the program.
void add_write_commands(CLI::App& app, Context& context);
void add_copy_commands(CLI::App& app, Context& context);
void add_undo_command(CLI::App& app, Context& context);
void add_read_commands(CLI::App& app, Context& context);
void add_history_command(CLI::App& app, Context& context);
void add_watch_commands(CLI::App& app, Context& context);
void add_message_commands(CLI::App& app, Context& context);
void add_provide_command(CLI::App& app, Context& context);
void add_listen_command(CLI::App& app, Context& context);
void add_session_commands(CLI::App& app, Context& context);
void add_load_command(CLI::App& app, Context& context);
void add_index_command(CLI::App& app, Context& context);
void add_inspect_command(CLI::App& app, Context& context);
void add_largest_command(CLI::App& app, Context& context);
void add_top_command(CLI::App& app, Context& context);
void add_metrics_command(CLI::App& app, Context& context);
void add_backup_command(CLI::App& app, Context& context);
void add_verify_command(CLI::App& app, Context& context);
void add_completion_command(CLI::App& app);
/// `help` and `version`.
void add_help_commands(CLI::App& app);
// If the build has SQL.
void add_query_command(CLI::App& app, Context& context);
void add_report_command(CLI::App& app, Context& context);

}  // namespace ringside::tools
