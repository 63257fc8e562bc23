#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>

#include "tools/ringside/context.hpp"

namespace ringside::tools {
namespace {

int run(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    spdlog::set_default_logger(spdlog::stderr_logger_mt("ringside"));
    spdlog::set_pattern("ringside: %v");
    CLI::App app("Reads, writes, watches, calls and inspects a Ringside grid", "ringside");
    Context context;
    app.add_option("-g,--grid", context.grid, "Name of the grid")
        ->envname("RINGSIDE_GRID")
        ->capture_default_str();
    app.set_version_flag("--version", "ringside " RINGSIDE_VERSION);
    app.require_subcommand(1);
    app.footer(
        "Exit status: 0 done, 1 not found or condition not met, 2 usage,\n"
        "3 no such grid or broker, 4 refused (role, limit, full), 5 a call failed.\n"
        "Example: ringside -g onsale put event/42/seat/A12 '{\"status\":\"free\"}'");
    add_write_commands(app, context);
    add_read_commands(app, context);
    add_watch_commands(app, context);
    add_message_commands(app, context);
    add_provide_command(app, context);
    add_listen_command(app, context);
    add_session_commands(app, context);
    add_load_command(app, context);
    add_index_command(app, context);
    add_inspect_command(app, context);
    add_top_command(app, context);
    add_metrics_command(app, context);
    add_backup_command(app, context);
    add_verify_command(app, context);
#ifdef RINGSIDE_HAS_SQL
    add_query_command(app, context);
    add_report_command(app, context);
#endif
    try {
        app.parse(argc, argv);
        std::fflush(stdout);
        return static_cast<int>(context.status);
    } catch (const CLI::ParseError& failure) {
        const std::vector<std::string> unknown = app.remaining();
        if (!unknown.empty() && app.get_subcommands().empty()) {
            fmt::print(stderr, "ringside: there is no command '{}': see ringside --help\n",
                       unknown.front());
            return static_cast<int>(ExitStatus::usage);
        }
        return app.exit(failure) == 0 ? 0 : static_cast<int>(ExitStatus::usage);
    } catch (const Exception& failure) {
        std::fflush(stdout);
        complain(failure.error());
        return static_cast<int>(status_of(failure.error().code));
    }
}

}  // namespace
}  // namespace ringside::tools

int main(int argc, char** argv) { return ringside::tools::run(argc, argv); }
