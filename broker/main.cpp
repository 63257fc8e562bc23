#include <cstdio>
#include <exception>

#include "broker/config/host_limits.hpp"
#include "broker/config/options.hpp"
#include "broker/daemon/log.hpp"
#include "broker/daemon/process.hpp"
#include "broker/service.hpp"
#include "shm/base/standard_streams.hpp"

namespace ringside::broker {
namespace {

Result<void> run(int argc, char** argv, int& status) {
    auto parsed = parse_options(argc, argv);
    if (!parsed) return parsed.error();
    status = parsed->status;
    if (parsed->is_done) return {};
    if (auto raised = raise_descriptor_limit(); !raised) return raised;
    if (auto logging = daemon::start_log(parsed->options.log()); !logging) return logging;
    return serve(parsed->options, [argc, argv]() -> Result<Options> {
        auto fresh = parse_options(argc, argv);
        if (!fresh) return fresh.error();
        if (auto logging = daemon::reopen_log(fresh->options.log()); !logging)
            return logging.error();
        return std::move(fresh->options);
    });
}

int run(int argc, char** argv) {
    reserve_standard_streams();
    daemon::prepare_process();
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
