#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>

#include "broker/daemon/log.hpp"
#include "broker/daemon/process.hpp"
#include "broker/daemon/service_manager.hpp"
#include "shm/base/standard_streams.hpp"
#include "tools/kafka/check.hpp"
#include "tools/kafka/config.hpp"
#include "tools/kafka/kafka/kafka_error.hpp"
#include "tools/kafka/memory.hpp"
#include "tools/kafka/options.hpp"
#include "tools/kafka/signals.hpp"
#include "tools/kafka/sink/run_sinks.hpp"
#include "tools/kafka/source/source.hpp"

namespace ringside::kafka {

namespace {

void say_ready() {
    std::puts("ready");
    std::fflush(stdout);
    daemon::notify_ready("Running");
}

int complain(const Error& failure) {
    std::fprintf(stderr, "ringside-kafka: %s\n", plain(failure).c_str());
    const bool is_usage = failure.code == Errc::bad_configuration ||
                          failure.code == Errc::bad_grid_name ||
                          failure.code == Errc::file_unreadable;
    return is_usage ? 2 : 1;
}

/// Returns the exit status as `ringside` does: 3 if there is no grid, or no broker.
int complain_about_grid(const Error& failure) {
    const int status = complain(failure);
    switch (failure.code) {
        case Errc::no_such_grid:
        case Errc::no_broker:
        case Errc::connection_lost:
        case Errc::layout_mismatch:
        case Errc::foreign_grid:
        case Errc::bad_segment: return 3;
        default: return status;
    }
}

int answer_ready(const std::string& grid, const std::string& group, std::int64_t max_lag) {
    ClientOptions options;
    options.grid = grid;
    options.program = "ringside-kafka";
    const auto client = Client::attach(options);
    if (!client) return complain_about_grid(client.error());
    const auto readiness = readiness_of(*client, group, max_lag);
    if (!readiness) return complain_about_grid(readiness.error());
    std::printf("%s\n", readiness->text.c_str());
    if (const auto printed = flush_standard_output(); !printed) return complain(printed.error());
    return readiness->is_ready ? 0 : 1;
}

Result<void> run_sink(const std::string& grid, const Options& options, Config& config,
                      const std::stop_token& stop) {
    if (!options.sink.empty()) {
        std::erase_if(config.sinks,
                      [&](const SinkOptions& sink) { return sink.name != options.sink; });
    }
    if (!config.sinks.empty()) return run_sinks(grid, config.sinks, stop, say_ready);
    const std::string which = options.sink.empty() ? "" : " named '" + options.sink + "'";
    return Error(Errc::bad_configuration, options.config + " has no [[sink]]" + which);
}

int run(int argc, char** argv) {
    reserve_standard_streams();
    const ParsedOptions parsed = parse_options(argc, argv);
    if (parsed.is_done) return parsed.status;
    const Options& options = parsed.options;
    use_one_heap();
    daemon::prepare_process();
    if (auto logging = daemon::start_log(options.log()); !logging) return complain(logging.error());
    const StopSignals signals([log = options.log()] {
        if (auto reopened = daemon::reopen_log(log); !reopened)
            return spdlog::error("log file not reopened: {}", reopened.error().text());
        spdlog::info("log file reopened");
    });
    const bool needs_kafka = options.command != Command::load && options.command != Command::ready;
    auto config = read_config(options.config, needs_kafka ? Reads::all : Reads::without_kafka);
    if (!config) return complain(config.error());
    if (options.command == Command::check) {
        if (const auto right = check_clients(*config); !right) return complain(right.error());
        std::printf("%s is valid\n", options.config.c_str());
        const auto printed = flush_standard_output();
        return printed ? 0 : complain(printed.error());
    }
    const std::string grid = options.grid.empty() ? config->grid : options.grid;
    if (options.command == Command::sink) {
        const auto done = run_sink(grid, options, *config, signals.token());
        return done ? 0 : complain(done.error());
    }
    if (!config->source) {
        return complain(Error(Errc::bad_configuration, options.config + " has no [source]"));
    }
    const SourceOptions& source = *config->source;
    if (options.command == Command::ready) return answer_ready(grid, source.group, options.max_lag);
    if (options.command == Command::load) {
        const auto done = load(grid, source, options.load, signals.token());
        if (!done) return complain(done.error());
        return *done ? 0 : 1;
    }
    const auto done = Source::run(grid, source, signals.token(), say_ready);
    const int status = done ? 0 : complain(done.error());
    if (Consumer::has_left_clients()) {
        // The remaining threads wait for Kafka and use objects of this function. The kernel cleans
        // up.
        std::fflush(nullptr);
        std::_Exit(status);
    }
    return status;
}

}  // namespace
}  // namespace ringside::kafka

int main(int argc, char** argv) { return ringside::kafka::run(argc, argv); }
