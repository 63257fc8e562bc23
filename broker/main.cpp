#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "broker/config/host_limits.hpp"
#include "broker/config/log.hpp"
#include "broker/config/options.hpp"
#include "broker/service.hpp"
#include "shm/base/standard_streams.hpp"

namespace ringside::broker {
namespace {

void prepare_process() {
    // A file that may not grow is an error of the store, and a reader of the log that has gone is
    // none at all: neither ends the broker.
    std::signal(SIGXFSZ, SIG_IGN);
    std::signal(SIGPIPE, SIG_IGN);
    // Until the broker serves, when it reloads its configuration: see `Reactor::on_reload`.
    std::signal(SIGHUP, SIG_IGN);
    // Files of store and log are 0640, directories 0750: as closed as the segment.
    umask(S_IWGRP | S_IRWXO);
}

Result<void> run(int argc, char** argv, int& status) {
    auto parsed = parse_options(argc, argv);
    if (!parsed) return parsed.error();
    status = parsed->status;
    if (parsed->is_done) return {};
    if (auto raised = raise_descriptor_limit(); !raised) return raised;
    if (auto logging = start_log(parsed->options); !logging) return logging;
    return serve(parsed->options, [argc, argv]() -> Result<Options> {
        auto fresh = parse_options(argc, argv);
        if (!fresh) return fresh.error();
        if (auto logging = reopen_log(fresh->options); !logging) return logging.error();
        return std::move(fresh->options);
    });
}

int run(int argc, char** argv) {
    reserve_standard_streams();
    prepare_process();
    int status = 0;
    Result<void> done;
    try {
        done = run(argc, argv, status);
    } catch (const std::exception& failure) {
        done = Error(Errc::system_error, failure.what());
    }
    if (done) return status;
    const Error& failure = done.error();
    std::fprintf(stderr, "ringside-broker: %s\n", failure.text().c_str());
    const bool is_usage =
        failure.code == Errc::bad_configuration || failure.code == Errc::bad_grid_name;
    return is_usage ? 2 : 1;
}

}  // namespace
}  // namespace ringside::broker

int main(int argc, char** argv) { return ringside::broker::run(argc, argv); }
