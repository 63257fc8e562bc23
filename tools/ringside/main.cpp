#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <iostream>

#include "broker/daemon/man_page.hpp"
#include "shm/base/standard_streams.hpp"
#include "tools/ringside/context.hpp"

namespace ringside::tools {
namespace {

void add_commands(CLI::App& app, Context& context) {
    add_write_commands(app, context);
    add_copy_commands(app, context);
    add_undo_command(app, context);
    add_read_commands(app, context);
    add_history_command(app, context);
    add_watch_commands(app, context);
    add_message_commands(app, context);
    add_provide_command(app, context);
    add_listen_command(app, context);
    add_session_commands(app, context);
    add_load_command(app, context);
    add_index_command(app, context);
    add_inspect_command(app, context);
    add_largest_command(app, context);
    add_top_command(app, context);
    add_metrics_command(app, context);
    add_backup_command(app, context);
    add_verify_command(app, context);
#ifdef RINGSIDE_HAS_SQL
    add_query_command(app, context);
    add_report_command(app, context);
#endif
    add_completion_command(app);
    add_help_commands(app);
}

/// Returns the innermost command that was named, as it is typed: "ringside index add".
std::string command_named(const CLI::App& app) {
    std::string name = app.get_name();
    for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
        at = at->get_subcommands().front();
        name += " " + at->get_name();
    }
    return name;
}

ExitStatus refuse(const CLI::App& app, const CLI::ParseError& failure) {
    const std::vector<std::string> unknown = app.remaining();
    const bool is_no_command = !unknown.empty() && app.get_subcommands().empty();
    const std::string why = is_no_command ? "no command '" + unknown.front() + "'" : failure.what();
    complain(Error(Errc::bad_usage, why + "; see " + command_named(app) + " --help"));
    return ExitStatus::usage;
}

ExitStatus run(CLI::App& app, Context& context, int argc, char** argv) {
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& failure) {
        if (failure.get_exit_code() != 0) return refuse(app, failure);
        app.exit(failure);  // prints the requested text: help, or the version
        std::cout.flush();
    }
    return context.status;
}

ExitStatus fail(const Error& error) {
    // Earlier output must precede the message.
    std::fflush(stdout);
    complain(error);
    return status_of(error.code);
}

int run(int argc, char** argv) {
    reserve_standard_streams();
    // Output that cannot be written is an error of the write, not the end of the program.
    for (const int number : {SIGPIPE, SIGXFSZ}) std::signal(number, SIG_IGN);
    spdlog::set_default_logger(spdlog::stderr_logger_mt("ringside"));
    spdlog::set_pattern("ringside: %v");
    CLI::App app("Read, write, watch, call and inspect a Ringside grid", "ringside");
    Context context;
    app.fallthrough();  // inherited by commands: the options below may also follow the command
    app.add_option("-g,--grid", context.grid, "Grid name")
        ->envname("RINGSIDE_GRID")
        ->capture_default_str();
    app.set_version_flag("--version", "ringside " RINGSIDE_VERSION);
    app.require_subcommand(1);
    add_commands(app, context);
    // Added after the commands, which would inherit it.
    app.footer(
        "Exit status: 0 success, 1 not found or condition not met, 2 invalid usage,\n"
        "3 no such grid or broker, 4 refused (role, limit, grid full) or output failed,\n"
        "5 call failed. docs/operations.md explains the code of each message.\n"
        "Example: ringside -g onsale put event/42/seat/A12 '{\"status\":\"free\"}'");
    daemon::add_man_page_option(
        app, {.section = 1,
              .version = RINGSIDE_VERSION,
              .see_also = {"ringside-broker(8)", "ringside-gateway(8)", "ringside-kafka(8)"}});
    ExitStatus status = ExitStatus::done;
    try {
        status = run(app, context, argc, argv);
        finish_output();
    } catch (const ReaderGone&) {
        // The reader has what it wanted.
    } catch (const Exception& failure) {
        status = fail(failure.error());
    } catch (const std::exception& failure) {
        status = fail(Error(Errc::system_error, failure.what()));
    }
    return static_cast<int>(status);
}

}  // namespace
}  // namespace ringside::tools

int main(int argc, char** argv) { return ringside::tools::run(argc, argv); }
