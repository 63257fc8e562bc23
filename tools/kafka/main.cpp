#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <string>

#include "tools/kafka/signals.hpp"
#include "tools/kafka/sink/sink_command.hpp"

namespace ringside::kafka {
namespace {

struct Options {
    std::string config;
    std::optional<std::string> grid;
    std::string name;
};

void start_log() {
    auto logger = spdlog::stderr_color_mt("ringside");
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-7l%$ %v");
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(std::move(logger));
}

Result<void> run_sink(const Options& options) {
    toml::table root;
    try {
        root = toml::parse_file(options.config);
    } catch (const toml::parse_error& failure) {
        return Error(Errc::bad_configuration, options.config + ":" +
                                                  std::to_string(failure.source().begin.line) +
                                                  ": " + std::string(failure.description()));
    }
    const tools::TomlFile file(options.config);
    const auto table = file.table(root, "kafka");
    if (!table) return table.error();
    Properties common;
    if (*table != nullptr) {
        if (auto read = common.read(**table, file); !read) return read;
    }
    const StopSignals signals;
    const std::string grid = options.grid.value_or(root["grid"].value_or(std::string("default")));
    return run_sink_command(grid, root, file, common, options.name, signals.token());
}

int run(int argc, char** argv) {
    CLI::App app("Joins a grid to Kafka");
    app.set_version_flag("--version", "ringside-kafka " RINGSIDE_VERSION);
    app.require_subcommand(1);
    Options options;
    CLI::App* const sink = app.add_subcommand("sink", "Tells topics of the grid's changes");
    sink->add_option("--config", options.config, "TOML file")->required();
    sink->add_option("-g,--grid", options.grid, "Name of the grid")->envname("RINGSIDE_GRID");
    sink->add_option("--name", options.name, "Only this sink (default: all)");
    CLI11_PARSE(app, argc, argv);
    start_log();
    const auto done = run_sink(options);
    if (done) return 0;
    std::fprintf(stderr, "ringside-kafka: %s\n", done.error().text().c_str());
    return done.error().code == Errc::bad_configuration ? 2 : 1;
}

}  // namespace
}  // namespace ringside::kafka

int main(int argc, char** argv) { return ringside::kafka::run(argc, argv); }
