#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>

#include "broker/config/options.hpp"
#include "broker/grid_lock.hpp"
#include "broker/reactor/reactor.hpp"
#include "shm/pin/pin.hpp"

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

/// A segment that a dead broker left: its readers are told, and its name is free again.
void abandon_leftover(const std::string& grid) {
    auto left = shm::Segment::open_writable(grid);
    if (left) {
        left->close(shm::GridState::abandoned);
        spdlog::warn("a broker of this grid died without an end; its records are gone");
    } else if (left.error().code == Errc::no_such_grid) {
        shm::Segment::remove(grid);  // one that was just being made, perhaps
        return;
    } else {
        spdlog::warn("what is there in place of the grid is removed: {}", left.error().text());
    }
    shm::Segment::remove(grid);
}

Result<void> serve(const Options& options) {
    const auto paths = shm::GridPaths::of(options.grid).value();
    auto lock = GridLock::take(paths.lock_path);
    if (!lock) return lock.error();
    abandon_leftover(options.grid);
    auto segment = shm::Segment::create(options.grid, options.shape);
    if (!segment) {
        lock->remove();
        return segment.error();
    }
    Result<void> outcome;
    {
        Reactor reactor(*segment, options, paths);
        outcome = reactor.listen();
        if (outcome) outcome = reactor.engine().start();
        if (outcome) {
            segment->header().broker.broker_pid.store(static_cast<std::uint32_t>(getpid()));
            segment->header().broker.generation.store(1);
            segment->announce(shm::register_for_membarrier() ? shm::Identity::asymmetric_fence : 0);
            spdlog::info("grid '{}' is served: {} MiB, {} changes in the ring", options.grid,
                         segment->view().size_bytes() >> 20,
                         segment->view().identity().ring_entries);
            std::printf("ready grid=%s pid=%d memory=%llu socket=%s\n", options.grid.c_str(),
                        static_cast<int>(getpid()),
                        static_cast<unsigned long long>(segment->view().size_bytes()),
                        paths.socket_path.c_str());
            std::fflush(stdout);
            reactor.run();
        }
    }
    segment->close(shm::GridState::stopped);
    shm::Segment::remove(options.grid);
    unlink(paths.socket_path.c_str());
    lock->remove();
    if (outcome) spdlog::info("grid '{}' has ended", options.grid);
    return outcome;
}

int run(int argc, char** argv) {
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
