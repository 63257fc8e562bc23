#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>

#include "broker/config/options.hpp"
#include "broker/service.hpp"

namespace ringside::broker {
namespace {

Result<void> start_log(const Options& options) {
    try {
        auto logger = options.log_file.empty()
                          ? spdlog::stderr_color_mt("ringside")
                          : spdlog::basic_logger_mt("ringside", options.log_file);
        logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-7l%$ %v");
        logger->set_level(spdlog::level::from_str(options.log_level));
        logger->flush_on(spdlog::level::info);
        spdlog::set_default_logger(std::move(logger));
        return {};
    } catch (const spdlog::spdlog_ex& failure) {
        return Error(Errc::bad_configuration, failure.what());
    }
}

int run(int argc, char** argv) {
    // A file that may not grow is an error of the store, not the end of the broker.
    std::signal(SIGXFSZ, SIG_IGN);
    auto parsed = parse_options(argc, argv);
    Error failure;
    if (parsed) {
        if (parsed->is_done) return parsed->status;
        auto done = start_log(parsed->options);
        if (done) done = serve(parsed->options);
        if (done) return 0;
        failure = done.error();
    } else {
        failure = parsed.error();
    }
    std::fprintf(stderr, "ringside-broker: %s\n", failure.text().c_str());
    const bool is_usage =
        failure.code == Errc::bad_configuration || failure.code == Errc::bad_grid_name;
    return is_usage ? 2 : 1;
}

}  // namespace
}  // namespace ringside::broker

int main(int argc, char** argv) { return ringside::broker::run(argc, argv); }
