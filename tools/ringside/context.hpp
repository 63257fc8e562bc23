#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "ringside/client.hpp"
#include "shm/base/limits.hpp"

namespace CLI {
class App;
}

namespace ringside::tools {

/// How a command ends.
enum class ExitStatus : int {
    done = 0,
    not_so = 1,   ///< not found, or a condition not met
    usage = 2,    ///< wrong arguments or input
    no_grid = 3,  ///< no such grid, or no broker
    refused = 4,  ///< by role, limit or a full grid
    failed = 5,   ///< a call was answered with a failure
};

/// What every command shares. Set up by main, then passed to the one that was asked for.
struct Context {
    std::string grid = "default";
    ExitStatus status = ExitStatus::done;
    bool is_offline = false;  ///< --offline, see tools/ringside/offline.hpp

    /// Attaches to the grid. Throws ringside::Exception.
    [[nodiscard]] Client attach() const;
};

[[nodiscard]] ExitStatus status_of(Errc code) noexcept;

/// Says what happened on standard error, as `ringside: …`.
void complain(const Error& error);

/// One line to standard output, flushed when `now`. Ends the program quietly when nobody reads.
void print_line(std::string_view line, bool now = false);

/// `text`, or all of standard input when it is "-".
[[nodiscard]] std::string argument_or_input(const std::string& text);

/// "500ms", "30s", "5m", "2h", "1d". Throws ringside::Exception (`otherwise`).
[[nodiscard]] std::chrono::milliseconds parse_duration(std::string_view text, Errc otherwise);

/// Appends `"key":"text"`, escaped.
void append_member(std::string& out, std::string_view key, std::string_view text);
/// Appends `"key":number`.
void append_member(std::string& out, std::string_view key, std::uint64_t number);
/// Appends `"key":value`.
void append_member(std::string& out, std::string_view key, const Value& value);

/// Whether SIGINT or SIGTERM has come since `catch_interrupts`.
void catch_interrupts();
[[nodiscard]] bool is_interrupted() noexcept;

// Each adds its commands to the program.
void add_write_commands(CLI::App& app, Context& context);
void add_read_commands(CLI::App& app, Context& context);
void add_watch_commands(CLI::App& app, Context& context);
void add_message_commands(CLI::App& app, Context& context);
void add_provide_command(CLI::App& app, Context& context);
void add_listen_command(CLI::App& app, Context& context);
void add_session_commands(CLI::App& app, Context& context);
void add_load_command(CLI::App& app, Context& context);
void add_index_command(CLI::App& app, Context& context);
void add_inspect_command(CLI::App& app, Context& context);
void add_top_command(CLI::App& app, Context& context);
void add_metrics_command(CLI::App& app, Context& context);
void add_backup_command(CLI::App& app, Context& context);
void add_verify_command(CLI::App& app, Context& context);
// Where the build has SQL.
void add_query_command(CLI::App& app, Context& context);
void add_report_command(CLI::App& app, Context& context);

}  // namespace ringside::tools
