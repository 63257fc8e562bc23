#include "tools/kafka/options.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "shm/base/errc.hpp"
#include "shm/base/option_number.hpp"

namespace ringside::kafka {

namespace {

void declare_common(CLI::App& command, Options& options) {
    command.add_option("--config", options.config, "TOML file, see docs/kafka.md")->required();
    command.add_option("-g,--grid", options.grid, "Name of the grid (default: that of the file)")
        ->envname("RINGSIDE_GRID");
    command
        .add_option("--log-level", options.log_level,
                    "debug, info, warning or error (default: info)")
        ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
    command.add_option("--log-format", options.log_format, "text or json (default: text)")
        ->check(CLI::IsMember({"text", "json"}));
    command.add_option("--log-file", options.log_file,
                       "Where to log (default: standard error); SIGHUP opens it again");
}

CLI::App* declare(CLI::App& app, Options& options, Command command, const std::string& name,
                  const std::string& what) {
    CLI::App* const made = app.add_subcommand(name, what);
    declare_common(*made, options);
    made->callback([&options, command] { options.command = command; });
    return made;
}

/// Prints what was asked for (help, the version), or what is wrong; returns the exit status.
int usage_status(const CLI::App& app, const CLI::ParseError& failure) {
    if (failure.get_exit_code() == 0) return app.exit(failure);
    const Error error(Errc::bad_usage, failure.what());
    std::fprintf(stderr, "ringside-kafka: %s; see ringside-kafka --help\n", error.text().c_str());
    return 2;
}

}  // namespace

ParsedOptions parse_options(int argc, const char* const* argv) {
    CLI::App app("Joins a Ringside grid to Kafka", "ringside-kafka");
    ParsedOptions parsed;
    Options& options = parsed.options;
    declare(app, options, Command::source, "source",
            "Turns the messages of topics into commits, each exactly once")
        ->footer(
            "It prints 'ready' when it has attached and subscribed, and ends on SIGTERM.\n"
            "Example: ringside-kafka source --config onsale.toml");
    CLI::App* const sink = declare(app, options, Command::sink, "sink",
                                   "Turns the changes of records into messages of topics");
    sink->add_option("--name", options.sink, "Only the sink of that name (default: all)");
    sink->footer(
        "It prints 'ready' when all sinks have their positions, and ends on SIGTERM.\n"
        "Example: ringside-kafka sink --config onsale.toml");
    CLI::App* const load = declare(app, options, Command::load, "load",
                                   "Writes a file of JSON Lines by the rules of a topic");
    load->add_option("file", options.load.file, "The file")->required();
    load->add_option("--topic", options.load.topic, "Whose rules map the lines")->required();
    load->add_flag("--envelope", options.load.is_envelope,
                   "Each line is {\"key\": …, \"value\": …, \"headers\": {…}}");
    load->add_flag("--restart", options.load.is_restart,
                   "From the first line, whatever was loaded before");
    load->footer(
        "An interrupted load goes on where it was. Refused lines are told on standard error, and\n"
        "the exit status is then 1. Example: ringside-kafka load seats.jsonl --topic seats "
        "--config onsale.toml");
    declare(app, options, Command::ready, "ready",
            "Says whether the sources of the group have caught up; exit status 1: they have not,\n"
            "3: there is no grid or broker")
        ->add_option("--max-lag", options.max_lag,
                     "Messages that they may be behind (default: 0, have been at the end)")
        ->check(whole_number(0, 1'000'000'000'000));
    declare(app, options, Command::check, "check",
            "Says what is wrong with a configuration; exit status 2: something is");
    app.set_version_flag("--version", "ringside-kafka " RINGSIDE_VERSION);
    app.require_subcommand(1);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& failure) {
        parsed.is_done = true;
        parsed.status = usage_status(app, failure);
    }
    return parsed;
}

}  // namespace ringside::kafka
