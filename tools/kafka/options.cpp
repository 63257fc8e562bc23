#include "tools/kafka/options.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "broker/daemon/man_page.hpp"
#include "shm/base/errc.hpp"
#include "shm/base/option_number.hpp"

namespace ringside::kafka {

namespace {

void declare_common(CLI::App& command, Options& options) {
    command.add_option("--config", options.config, "TOML file (see docs/kafka.md)")->required();
    command.add_option("-g,--grid", options.grid, "Grid name (default: from the TOML file)")
        ->envname("RINGSIDE_GRID");
    command
        .add_option("--log-level", options.log_level,
                    "Least severity to log: debug, info, warning or error (default: info)")
        ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
    command
        .add_option("--log-format", options.log_format, "Log format: text or json (default: text)")
        ->check(CLI::IsMember({"text", "json"}));
    command.add_option("--log-file", options.log_file,
                       "Log file, reopened on SIGHUP (default: standard error)");
}

CLI::App* declare(CLI::App& app, Options& options, Command command, const std::string& name,
                  const std::string& what) {
    CLI::App* const made = app.add_subcommand(name, what);
    declare_common(*made, options);
    made->callback([&options, command] { options.command = command; });
    return made;
}

/// Prints the requested text (help or version) or the error, and returns the exit status.
int usage_status(const CLI::App& app, const CLI::ParseError& failure) {
    if (failure.get_exit_code() == 0) return app.exit(failure);
    const Error error(Errc::bad_usage, failure.what());
    std::fprintf(stderr, "ringside-kafka: %s; see ringside-kafka --help\n", error.text().c_str());
    return 2;
}

}  // namespace

ParsedOptions parse_options(int argc, const char* const* argv) {
    CLI::App app("Connect a Ringside grid to Kafka", "ringside-kafka");
    ParsedOptions parsed;
    Options& options = parsed.options;
    declare(app, options, Command::source, "source",
            "Commit the messages of topics to the grid, each exactly once")
        ->footer(
            "Prints 'ready' once it has attached and subscribed. Ends on SIGTERM.\n"
            "Example: ringside-kafka source --config onsale.toml");
    CLI::App* const sink =
        declare(app, options, Command::sink, "sink", "Send record changes to topics");
    sink->add_option("--name", options.sink, "Run only this sink (default: all)");
    sink->footer(
        "Prints 'ready' once all sinks have their positions. Ends on SIGTERM.\n"
        "Example: ringside-kafka sink --config onsale.toml");
    CLI::App* const load = declare(app, options, Command::load, "load",
                                   "Load a JSON Lines file by the rules of a topic");
    load->add_option("file", options.load.file, "JSON Lines file")->required();
    load->add_option("--topic", options.load.topic, "Topic whose rules map the lines")->required();
    load->add_flag("--envelope", options.load.is_envelope,
                   "Read each line as {\"key\": …, \"value\": …, \"headers\": {…}}");
    load->add_flag("--restart", options.load.is_restart,
                   "Start at the first line, even if lines were loaded before");
    load->footer(
        "An interrupted load resumes where it stopped. If lines are refused, prints them to\n"
        "standard error and exits with status 1.\n"
        "Example: ringside-kafka load seats.jsonl --topic seats --config onsale.toml");
    declare(app, options, Command::ready, "ready",
            "Check whether the sources of the group have caught up. Exit status: 0 caught up,\n"
            "1 not caught up, 3 no grid or broker")
        ->add_option("--max-lag", options.max_lag,
                     "Maximum lag in messages (default: 0, the end was reached)")
        ->check(whole_number(0, 1'000'000'000'000));
    declare(app, options, Command::check, "check",
            "Check a configuration. Exit status: 0 valid, 2 invalid");
    app.set_version_flag("--version", "ringside-kafka " RINGSIDE_VERSION);
    app.require_subcommand(1);
    daemon::add_man_page_option(
        app, {.version = RINGSIDE_VERSION,
              .see_also = {"ringside(1)", "ringside-broker(8)", "ringside-gateway(8)"}});
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& failure) {
        parsed.is_done = true;
        parsed.status = usage_status(app, failure);
    }
    return parsed;
}

}  // namespace ringside::kafka
